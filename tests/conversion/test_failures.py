"""The real optimizer's ways to fail, each a typed error that names the mend."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from paddle import nn

from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.errors import (
    ProgramAbortedError,
    ProgramCrashedError,
    ProgramError,
    ProgramTimedOutError,
)
from edgeslim.execution import Target
from edgeslim.lite.converter import Conversion, convert, convert_one
from edgeslim.paddle_io.export import export_layer
from edgeslim.paddle_io.operator_model import write_operator_model
from tests.conversion.conftest import assert_computes_as_paddle, make, save
from tests.conversion.nets import ABORTING, INPUT_SHAPE, MERGED_WRONGLY, Behind, classifier, same
from tests.tools import require_module
from tests.values import relu

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Saved:
    """Models as Paddle saves them by default, which Paddle-Lite cannot read."""

    relu6: SavedModel
    flatten: SavedModel


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    require_module("paddlelite")
    folder = tmp_path_factory.mktemp("saved")
    flatten = nn.Sequential(nn.Conv2D(3, 4, 1), nn.AdaptiveAvgPool2D(1), nn.Flatten())
    return Saved(
        relu6=save(Behind(same, *classifier(nn.ReLU())), folder / "relu6", INPUT_SHAPE),
        flatten=save(flatten, folder / "flatten", INPUT_SHAPE),
    )


def conversion(model: SavedModel, folder: Path, **more: Any) -> Conversion:
    return Conversion(
        model=model.program,
        parameters=more.pop("parameters", model.parameters),
        target=more.pop("target", Target.X86),
        output=folder / model.name,
        **more,
    )


def failure(given: Conversion, kind: type[ProgramError]) -> str:
    with pytest.raises(kind) as caught:
        convert_one(given)
    text = str(caught.value)
    assert f"opt could not convert {given.model} for {given.target.value}" in text
    assert "@edgeslim" not in text, "its own words are no use to anybody"
    return text


@pytest.mark.parametrize("target", list(Target))
def test_an_attribute_is_missing(target: Target, saved: Saved, tmp_path: Path) -> None:
    text = failure(conversion(saved.relu6, tmp_path, target=target), ProgramAbortedError)
    assert "aborted (134)" in text
    assert "edgeslim deploy puts into a saved model what Paddle leaves out" in text
    assert "No attributes called threshold found for relu6" in text


def test_an_output_is_missing(saved: Saved, tmp_path: Path) -> None:
    text = failure(conversion(saved.flatten, tmp_path), ProgramCrashedError)
    assert "crashed (139, SIGSEGV)" in text
    assert "edgeslim deploy puts into a saved model what Paddle leaves out" in text


@pytest.mark.parametrize("kept", [0, 40])
def test_parameters_are_missing(kept: int, saved: Saved, tmp_path: Path) -> None:
    short = tmp_path / "short.pdiparams"
    short.write_bytes(saved.flatten.parameters.read_bytes()[:kept])
    given = conversion(saved.flatten, tmp_path, parameters=short)
    assert "check that the parameters are this model's" in failure(given, ProgramAbortedError)


def test_an_operator_is_not_supported(tmp_path: Path) -> None:
    class Inverse(nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = nn.Conv2D(3, 3, 1)

        def forward(self, images: Any) -> Any:
            return self.convolution(images).atan()

    model = prepare_layer(Inverse(), (1, 3, 8, 8), tmp_path, name="inverse")
    given = Conversion(
        model=model.prefix.with_suffix(".pdmodel"),  # as it came: else it is written otherwise
        parameters=model.parameters,
        target=Target.ARM,
        output=tmp_path / "inverse",
    )
    text = failure(given, ProgramAbortedError)
    assert "has no kernels for the operators that it names; another target may" in text
    assert "atan" in text.rpartition("[it printed last:")[2]


@pytest.mark.parametrize("name", ABORTING)
def test_convolutions_that_cannot_be_merged(name: str, tmp_path: Path) -> None:
    export_layer(MERGED_WRONGLY[name](), [INPUT_SHAPE], tmp_path / "model")
    given = Conversion(
        model=tmp_path / "model.pdmodel",
        parameters=tmp_path / "model.pdiparams",
        target=Target.ARM,
        output=tmp_path / "model",
    )
    text = failure(given, ProgramAbortedError)
    assert "edgeslim deploy keeps such pairs apart" in text
    assert "must be " in text


def test_prepared_convolutions_are_kept_apart_and_nothing_else(tmp_path: Path) -> None:
    """Without the barrier three of these abort and two silently compute something else."""
    models = {
        name: prepare_layer(build(), INPUT_SHAPE, tmp_path / name, name=name)
        for name, build in MERGED_WRONGLY.items()
    }
    for target in Target:
        made = make(models, target, tmp_path / target.value)
        # The pair that is worth it is merged, and of the barrier nothing is left.
        assert {len(model.fused.nodes) for model in made.values()} == {4}
        assert {spec.kind for model in made.values() for spec in model.fused.specs} == {"conv2d"}
        if target is Target.X86:
            assert_computes_as_paddle(made)


def test_it_takes_too_long(tmp_path: Path) -> None:
    write_operator_model(relu(8), tmp_path / "model")
    model = SavedModel(
        name="model",
        program=tmp_path / "model.pdmodel",
        parameters=tmp_path / "model.pdiparams",
    )
    given = conversion(model, tmp_path, timeout_s=0.001)
    assert "within 0.001 s" in failure(given, ProgramTimedOutError)


def test_failures_leave_the_others_done(saved: Saved, tmp_path: Path) -> None:
    write_operator_model(relu(8), tmp_path / "good")
    good = SavedModel(
        name="good", program=tmp_path / "good.pdmodel", parameters=tmp_path / "good.pdiparams"
    )
    given = [
        conversion(good, tmp_path / "first"),
        conversion(saved.relu6, tmp_path),
        conversion(saved.flatten, tmp_path),
        conversion(good, tmp_path / "second"),
        conversion(good, tmp_path, timeout_s=0.001),
        conversion(good, tmp_path / "third", target=Target.ARM),
    ]
    seen: list[int] = []
    results = convert(given, on_done=lambda done: seen.append(given.index(done.conversion)))
    assert seen == list(range(len(given)))
    kinds = [type(result.error) for result in results]
    assert kinds == [
        type(None),
        ProgramAbortedError,
        ProgramCrashedError,
        type(None),
        ProgramTimedOutError,
        type(None),
    ]
    done = [result.conversion.result.stat().st_size for result in results if result.error is None]
    assert min(done) > 0
    assert not any(
        result.conversion.result.exists() for result in results if result.error is not None
    )
