"""Engines that compute something else: another road is taken, or the value is named."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.deployment.prove_variants import prove_variants
from edgeslim.deployment.variants import convert_variants
from edgeslim.engines import ENGINES, onnxruntime
from edgeslim.errors import ModelError, ProgramNotFoundError
from edgeslim.execution import Precision
from edgeslim.measuring.device_session import DeviceSession, open_device
from edgeslim.paddle_io.importing import load_paddle
from tests.tools import missing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.version_info >= (3, 13), reason="paddle2onnx has no wheels for it"),
]


@pytest.fixture(scope="module")
def session() -> Iterator[DeviceSession]:
    """This machine with ONNX Runtime."""
    with open_device("host") as host:
        try:
            attached = ENGINES.get("onnxruntime").attach(host)
        except ProgramNotFoundError as error:
            missing(str(error))
        yield attached


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PreparedModel:
    """A network whose limits paddle2onnx 2.1 loses."""
    paddle: Any = load_paddle()
    paddle.seed(3)

    class Net(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.first = paddle.nn.Conv2D(3, 8, 3)
            self.second = paddle.nn.Conv2D(8, 4, 3)

        def forward(self, images: Any) -> Any:
            limited = paddle.nn.functional.hardtanh(self.first(images), -0.4, 0.7)
            return self.second(limited)

    return prepare_layer(Net(), (1, 3, 12, 12), tmp_path_factory.mktemp("net"), name="net")


def test_the_rewritten_program_is_converted_where_the_model_goes_wrong(
    session: DeviceSession, model: PreparedModel, tmp_path: Path
) -> None:
    variants, failed = convert_variants(model, [Precision.FP32], [session], tmp_path)
    assert failed == []
    ((proved, difference),), wrong = prove_variants(variants, tmp_path)
    assert wrong == []
    assert difference.max_rel < 1e-5
    assert proved.file.converter.endswith("from a rewritten program")


def test_the_first_value_that_differs_is_named(
    session: DeviceSession,
    model: PreparedModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    short = replace(onnxruntime.ENGINE, roads=onnxruntime.ENGINE.roads[:1])
    monkeypatch.setattr(onnxruntime, "ENGINE", short)
    variants, _ = convert_variants(model, [Precision.FP32], [session], tmp_path)
    with pytest.raises(ModelError, match="first at brelu that makes 'hardtanh") as error:
        prove_variants(variants, tmp_path)
    assert "computes something else on host" in str(error.value)
