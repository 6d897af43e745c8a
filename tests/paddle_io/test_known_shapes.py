"""Networks that compute sizes while they run: sizes known, and all else as it was."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import paddle
import pytest

from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import fused_graph
from edgeslim.conversion.prepare import PreparedModel, prepare, prepare_layer
from edgeslim.errors import ModelError
from edgeslim.execution import Target
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.paddle_io.operator_model import write_operator_model
from tests.conversion.conftest import make, save
from tests.lite.runtime import outputs_in_paddle_lite
from tests.paddle_io.computed_shapes import NETS, OPEN, Chosen, Resized, Suppressed

pytestmark = pytest.mark.slow

SIZES = ((1, 3, 8, 16), (2, 3, 12, 8))
COMPUTES_SIZES = {"shape", "range", "cast", "fill_constant", "meshgrid", "tile", "floor"}


@dataclass(frozen=True)
class Case:
    saved: SavedModel
    model: PreparedModel


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], Case]:
    """Each network prepared for each size, by name and batch."""
    folder = tmp_path_factory.mktemp("computed")
    found = {}
    for name, net in NETS.items():
        paddle.seed(0)
        saved = save(net(), folder / name, OPEN)
        for shape in SIZES:
            model = prepare(saved, folder / f"{name}{shape[0]}", input_shapes={"": shape})
            found[name, shape[0]] = Case(saved, model)
    return found


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("name", sorted(NETS))
def test_computes_what_the_saved_files_do(
    name: str, batch: int, cases: dict[tuple[str, int], Case]
) -> None:
    case = cases[name, batch]
    image = np.random.default_rng(1).standard_normal(SIZES[batch - 1]).astype(np.float32)
    (expected,) = run_in_paddle(case.saved.program.with_suffix(""), {"image": image})
    (found,) = run_in_paddle(case.model.prefix, {"image": image})
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    assert case.model.graph.specs[-1].output_shape == expected.shape


@pytest.mark.parametrize("name", sorted(NETS))
def test_the_device_computes_no_sizes(name: str, cases: dict[tuple[str, int], Case]) -> None:
    specs = cases[name, 1].model.graph.specs
    constants = [spec for spec in specs if spec.kind in COMPUTES_SIZES]
    assert all(spec.kind == "fill_constant" for spec in constants), constants
    assert len(constants) <= 2
    assert not any(spec.is_open for spec in specs)


def test_paddle_lite_computes_the_same(cases: dict[tuple[str, int], Case], tmp_path: Path) -> None:
    models = {name: cases[name, 1].model for name in NETS}
    made = make(models, Target.X86, tmp_path)
    image = np.random.default_rng(1).standard_normal(SIZES[0]).astype(np.float32)
    computed = outputs_in_paddle_lite({model.file.path: image for model in made.values()})
    for name, (found, *_) in zip(made, computed, strict=True):
        saved = cases[name, 1].saved.program.with_suffix("")
        (expected,) = run_in_paddle(saved, {"image": image})
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5, err_msg=name)
    assert set(make(models, Target.ARM, tmp_path / "arm")) == set(NETS)


def test_what_was_done_is_said(cases: dict[tuple[str, int], Case]) -> None:
    assert cases["resized", 1].model.changes[:2] == (
        "sizes computed from shapes made constants (1)",
        "operators that only computed sizes left out (3)",
    )


def test_a_suppression_gives_the_most_rows_that_it_may(tmp_path: Path) -> None:
    model = prepare(save(Suppressed(), tmp_path / "boxes", (-1, 3, 8, 16)), tmp_path / "prepared")
    suppression, behind = model.graph.specs[-2:]
    assert (suppression.kind, behind.kind) == ("multiclass_nms3", "scale")
    assert suppression.outputs["Out"] == ((20, 6),)
    assert behind.output_shape == (20, 6)
    assert not behind.is_open
    fused = fused_graph(model, Target.X86).specs
    assert [spec.outputs["Out"] for spec in fused if spec.kind == "multiclass_nms3"] == [((20, 6),)]


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> PreparedModel:
    folder = tmp_path_factory.mktemp("chosen")
    return prepare(save(Chosen(), folder / "chosen", (1, 3, 4, 4)), folder / "prepared")


def test_rows_that_the_data_has_are_gaps(chosen: PreparedModel, tmp_path: Path) -> None:
    specs = chosen.graph.specs
    unknown = [spec.kind for spec in specs if spec.is_open]
    assert unknown == ["where_index", "cast", "scale"]
    assert str(specs[-1]) == "scale 1x2 -> 1x2 (how many is known only when it runs)"
    with pytest.raises(ModelError, match=r"known only when it runs\) cannot be timed alone"):
        write_operator_model(specs[-1], tmp_path / "operator")


def test_networks_of_code_compute_sizes_too(tmp_path: Path) -> None:
    model = prepare_layer(Resized(), (1, 3, 8, 8), tmp_path, name="resized")
    assert [spec.kind for spec in model.graph.specs][-1] == "bilinear_interp_v2"
    assert model.graph.specs[-1].output_shape == (1, 4, 8, 8)


def test_an_open_batch_is_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    saved = save(Resized(), tmp_path / "net", (-1, 3, 8, 8))
    with caplog.at_level(logging.WARNING):
        model = prepare(saved, tmp_path / "one")
    assert model.graph.feeds == {"image": (1, 3, 8, 8)}
    assert caplog.messages == [
        "net: the batch of input image is open, and 1 is taken; --input-shape says another"
    ]
    caplog.clear()
    four = prepare(saved, tmp_path / "four", input_shapes={"": (4, 3, 8, 8)})
    assert four.graph.feeds == {"image": (4, 3, 8, 8)}
    assert not caplog.messages
