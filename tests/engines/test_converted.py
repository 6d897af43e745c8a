"""What engines of other makers refuse before anything is converted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.engines import ENGINES
from edgeslim.errors import ModelError
from edgeslim.execution import Target
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.targets import Place

pytestmark = pytest.mark.slow


def prepared(batch: int, folder: Path) -> PreparedModel:
    paddle: Any = load_paddle()
    return prepare_layer(paddle.nn.Conv2D(3, 4, 3), (batch, 3, 8, 8), folder, name="net")


def test_an_engine_without_batches_refuses_one_by_name(tmp_path: Path) -> None:
    place = Place.of(Target.X86)
    with pytest.raises(ModelError, match=r"ncnn has no batches, and input .* of net has one of 2"):
        ENGINES.get("ncnn").check(prepared(2, tmp_path / "two"), place)
    ENGINES.get("ncnn").check(prepared(1, tmp_path / "one"), place)
    ENGINES.get("onnxruntime").check(prepared(2, tmp_path / "other"), place)
