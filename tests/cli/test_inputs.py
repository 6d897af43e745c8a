"""Models of integers and of few values, deployed and shown with the user's own inputs."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from edgeslim.runs.deployment_history import read_history
from tests.cli.conftest import Workshop

pytestmark = pytest.mark.slow

NETS = """
import paddle
from paddle import nn

class Words(nn.Layer):
    def __init__(self):
        super().__init__()
        self.rows, self.last = nn.Embedding(10, 4), nn.Linear(4, 3)

    def forward(self, words, mask):
        return self.last((self.rows(words) * mask.astype("float32").unsqueeze(-1)).sum(1))

class Roots(nn.Layer):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(4, 3)

    def forward(self, x):
        return paddle.log(x) + 0 * self.last(x).sum()

class Rare(nn.Layer):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(4, 3)

    def forward(self, x):
        return nn.functional.relu(x - 1000) + 0 * self.last(x).sum()

words, roots, rare = Words, Roots, Rare
"""

ROOTS = ("nets.py:roots", "--input-shape", "1,4")
ONLY = ("--convert-only", "x86", "--out")


@pytest.fixture(scope="module")
def place(workshop: Workshop) -> Path:
    folder = workshop.folder
    (folder / "nets.py").write_text(NETS)
    np.savez(folder / "words.npz", words=[[1, 9, 3]], mask=[[True, False, True]])
    np.savez(folder / "far.npz", words=[[1, 10, 3]], mask=[[True, False, True]])
    np.savez(folder / "ids.npz", ids=[[1, 9, 3]], mask=[[True, False, True]])
    np.save(folder / "positive.npy", np.array([[0.5, 1, 2, 4]], np.float32))
    np.save(folder / "large.npy", np.array([[1001, 1, 2000, 4]], np.float32))
    np.save(folder / "nan.npy", np.array([[np.nan, 1, 2, 4]], np.float32))
    np.save(folder / "objects.npy", np.array([{}]), allow_pickle=True)
    return folder


def test_words_and_a_mask_are_proved_timed_and_written_down(
    workshop: Workshop, place: Path
) -> None:
    given = ("--inputs", "words.npz", "--rounds", "1", "--out", "spoken", "--json")
    done = workshop("deploy", "nets.py:words", *given)
    assert done.code == 0, done.err
    (model,) = done.document["models"]
    assert model["output_max_rel_error"] < 1e-5
    assert model["output_wrong_share"] == 0
    assert model["samples"] > 0
    (record,) = read_history(place / "spoken")
    assert record.inputs is not None
    assert record.inputs.path == str(place / "words.npz")
    assert record.inputs.sha256 == hashlib.sha256((place / "words.npz").read_bytes()).hexdigest()
    assert done.document["inputs"] == {"path": record.inputs.path, "sha256": record.inputs.sha256}


def test_words_are_shown_to_both_engines(workshop: Workshop, place: Path) -> None:
    for engine in ("paddle", "lite"):
        shown = ("--inputs", "words.npz", "--engine", engine, "--raw", "--out", engine, "--json")
        done = workshop("infer", "nets.py:words", *shown)
        assert done.code == 0, done.err
    paddle, lite = (np.load(place / engine / "words.0.npy") for engine in ("paddle", "lite"))
    assert paddle.shape == (1, 3)
    np.testing.assert_allclose(lite, paddle, rtol=1e-5, atol=1e-6)


def test_the_logarithm_of_noise_proves_nothing_and_that_of_numbers_does(
    workshop: Workshop, place: Path
) -> None:
    line = workshop("deploy", *ROOTS, *ONLY, "roots").error(1)
    assert "with noise for input 'x' Paddle itself gives NaN at output" in line
    assert "give inputs that the model is made for with --inputs FILE.npz" in line
    assert not (place / "roots").exists()
    done = workshop("deploy", *ROOTS, *ONLY, "roots", "--inputs", "positive.npy", "--json")
    assert done.code == 0, done.err
    assert done.document["models"][0]["output_max_rel_error"] < 1e-5


def test_what_noise_never_reaches_is_proved_with_the_user_s_own(workshop: Workshop) -> None:
    rare = ("deploy", "nets.py:rare", "--input-shape", "1,4", *ONLY, "rare")
    line = workshop(*rare).error(1)
    assert "does not depend on input 'x': Paddle gives nothing but 0 for" in line
    assert workshop(*rare, "--inputs", "large.npy").code == 0
    line = workshop(*rare, "--inputs", "positive.npy").error(1)
    assert "nothing but 0 for those of positive.npy and changed ones" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (*ROOTS, "--inputs", "none.npy"),
            "none.npy does not exist; --inputs takes a .npy",
        ),
        ((*ROOTS, "--inputs", "nan.npy"), "nan.npy: input 'x' has values that are not finite"),
        ((*ROOTS, "--inputs", "nets.py"), "nets.py is no .npy or .npz file of NumPy"),
        ((*ROOTS, "--inputs", "objects.npy"), "objects.npy holds Python objects and not numbers"),
        ((*ROOTS, "--inputs", "words.npz"), "words.npz: roots has no input 'words'; it has x"),
        (
            ("nets.py:words", "--inputs", "far.npz"),
            "far.npz: input 'words' has 10 where words",
        ),
        (("net", "--inputs", "positive.npy"), "has shape [1, 4] and net reads [1, 1, 16, 16]"),
    ],
)
def test_inputs_that_cannot_be_meant_are_one_line(
    workshop: Workshop, place: Path, arguments: tuple[str, ...], message: str
) -> None:
    before = workshop.files()
    line = workshop("deploy", *arguments, "--convert-only", "x86", "--out", "bad").error(1)
    assert message in line
    assert workshop.files() == before
