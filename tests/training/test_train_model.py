"""The whole of ``edgeslim.train`` and ``edgeslim.evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgeslim
from edgeslim.errors import (
    BadFileError,
    EdgeslimError,
    ModelError,
    UnknownNameError,
    UnwritableError,
    UsageError,
)
from tests.training.own_files import write_own_files

pytestmark = pytest.mark.slow

SHAPE = (1, 1, 16, 16)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_own_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _train(**changed: Any) -> Any:
    options = {
        "model": "nets.py:slow",
        "task": "task.py",
        "out": Path("net"),
        "input_shape": SHAPE,
        "epochs": 2,
        "batch_size": 16,
        **changed,
    }
    return edgeslim.train(options.pop("model"), **options)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_trained_judged_and_trained_further(folder: Path) -> None:
    done = _train(epochs=4)
    assert (done.model, done.task, len(done.losses)) == (Path("net"), "task.py", 4)
    judged = edgeslim.evaluate("net", task="task.py")
    assert judged.metrics == done.metrics
    assert (judged.model, judged.examples) == ("net", 64)
    further = _train(model="net", out=Path("further"), input_shape=None)
    assert further.losses[0] < done.losses[0]


def test_a_smaller_rate_for_weights_that_are_good_already(folder: Path) -> None:
    _train()
    _train(model="net", out=Path("by-default"))
    _train(model="net", out=Path("said"), learning_rate=0.01)
    assert _files(Path("by-default"))["model.pdiparams"] == _files(Path("said"))["model.pdiparams"]


def test_a_seed_decides_the_weights(folder: Path) -> None:
    weights = []
    for seed, out in ((1, "one"), (1, "same"), (2, "other")):
        _train(seed=seed, out=Path(out), epochs=1)
        weights.append(_files(Path(out))["model.pdiparams"])
    assert weights[0] == weights[1] != weights[2]


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"model": "mobilenet-v9"}, UnknownNameError, "unknown model 'mobilenet-v9'; did you mean"),
        ({"task": "digit"}, UnknownNameError, "unknown task 'digit'; did you mean 'digits'"),
        ({"task": "digits:/tmp"}, UsageError, "digits has its images with it"),
        ({"task": "none.py"}, BadFileError, r"there is no file none\.py"),
        ({"model": "mobilenet-v1"}, UsageError, "reads 3 channels, not 1; .* 1,3,16,16"),
        ({"input_shape": None}, UsageError, "slow needs --input-shape"),
        ({"epochs": 0}, UsageError, "epochs must be at least 1, not 0"),
        ({"batch_size": 0}, UsageError, "batch_size must be at least 1, not 0"),
        ({"learning_rate": float("nan")}, UsageError, "learning_rate must be above 0, not nan"),
        ({"learning_rate": 0}, UsageError, "learning_rate must be above 0, not 0"),
        ({"learning_rate": 1e30}, ModelError, "training failed: the loss is"),
        ({"seed": -1}, UsageError, "seed must be 0 or more"),
        ({"out": Path("task.py")}, UsageError, r"task\.py is a file; give a folder"),
        ({"out": Path("/proc/edgeslim")}, UnwritableError, "cannot write into /proc/edgeslim"),
        ({"task": "digits"}, ModelError, "has 2 classes, but the task has class"),
        (
            {"model": "nets.py:broken"},
            ModelError,
            r"output is \(16, 1, 16, 3\) for 16 images",
        ),
        ({"model": "nets.py:slow", "input_shape": (1, 1, 9, 9)}, ModelError, "cannot export"),
    ],
)
def test_what_is_wrong_is_said_and_leaves_nothing(
    folder: Path, changed: dict[str, Any], error: type[EdgeslimError], message: str
) -> None:
    before = set(folder.iterdir())
    with pytest.raises(error, match=message):
        _train(**changed)
    assert {path for path in folder.iterdir() if path.name != "__pycache__"} == before


def test_a_folder_with_a_model_of_somebody_else_is_left_alone(folder: Path) -> None:
    Path("net").mkdir()
    Path("net/model.pdmodel").write_text("theirs")
    with pytest.raises(UsageError, match=r"net holds model\.pdmodel already"):
        _train()
    assert _files(Path("net")) == {"model.pdmodel": b"theirs"}


def test_a_model_is_not_trained_over_itself(folder: Path) -> None:
    _train()
    before = _files(Path("net"))
    with pytest.raises(UsageError, match="another network, or one of other first weights"):
        _train(model="net", learning_rate=0.1)
    assert _files(Path("net")) == before


def test_other_settings_in_the_same_folder_are_refused_and_a_damaged_state_is_named(
    folder: Path,
) -> None:
    _train()
    before = _files(Path("net"))
    with pytest.raises(UsageError, match="with epochs 2, not 9; give the same settings"):
        _train(epochs=9)
    assert _files(Path("net")) == before
    np.savez("net/checkpoint.npz", nothing=np.zeros(1))
    with pytest.raises(BadFileError, match=r"checkpoint\.npz is no checkpoint, or a damaged one"):
        _train()
