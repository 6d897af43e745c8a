"""Models in whatever folder they are, judged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from edgeslim.errors import BadFileError
from edgeslim.training.evaluate_model import evaluate
from tests.inference.nets import export_colours
from tests.program import edgeslim

pytestmark = pytest.mark.slow

PHOTOS = {"blue": (0, 0, 250), "green": (0, 250, 0), "red": (250, 0, 0)}
NAMINGS = [
    ("model.pdmodel", "model.pdiparams"),
    ("inference.pdmodel", "inference.pdiparams"),
    ("__model__", "__params__"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of three colours, one in the wrong class, and a model that knows colours."""
    folder = tmp_path_factory.mktemp("evaluated")
    for part in ("train", "val"):
        for name, colour in PHOTOS.items():
            path = folder / "photos" / part / name / "right.png"
            path.parent.mkdir(parents=True)
            Image.new("RGB", (20, 20), colour).save(path)
        Image.new("RGB", (20, 20), PHOTOS["red"]).save(path.parents[1] / "blue" / "wrong.png")
    export_colours(folder / "net")
    return folder


def checkpoint(place: Path, folder: Path, naming: tuple[str, str]) -> Path:
    """The model where an epoch's is kept."""
    model = folder / "checkpoints" / "3" / "eval_model"
    model.mkdir(parents=True)
    for name, ending in zip(naming, ("pdmodel", "pdiparams"), strict=True):
        shutil.copy(place / f"net.{ending}", model / name)
    return model


@pytest.mark.parametrize("naming", NAMINGS, ids=lambda naming: naming[0])
def test_the_model_of_an_epoch_is_judged_where_it_lies(
    place: Path, tmp_path: Path, naming: tuple[str, str]
) -> None:
    model = checkpoint(place, tmp_path, naming)
    before = sorted(tmp_path.rglob("*"))
    found = evaluate(str(model), task=f"image_folder:{place / 'photos'}")
    assert found.metrics == {"accuracy": 0.75}
    assert found.examples == 4
    assert sorted(tmp_path.rglob("*")) == before


def test_the_command_takes_the_folder_of_an_epoch_too(place: Path, tmp_path: Path) -> None:
    checkpoint(place, tmp_path, NAMINGS[2])
    done = edgeslim(
        *("evaluate", "checkpoints/3/eval_model", "--task", f"image_folder:{place / 'photos'}"),
        "--json",
        folder=tmp_path,
    )
    assert done.code == 0, done.err
    assert done.document["metrics"] == {"accuracy": 0.75}


def test_a_folder_above_says_which_below_it_holds_the_model(place: Path, tmp_path: Path) -> None:
    model = checkpoint(place, tmp_path, NAMINGS[0])
    with pytest.raises(BadFileError, match=rf"3 holds no model: .*; {model} does"):
        evaluate(str(model.parent), task=f"image_folder:{place / 'photos'}")
