"""``edgeslim sensitivity`` as a user starts it, with a model that was trained."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from edgeslim.runs.sensitivity_file import SensitivityFile
from tests.program import edgeslim, ended, fork
from tests.pruning.trained import save_trained
from tests.tools import wait_until

pytestmark = pytest.mark.slow

SLOW_TASK = """
import time
from dataclasses import replace
from edgeslim.training.tasks import find_task

class Slow:
    def __init__(self, examples):
        self.examples = examples
    def __len__(self):
        return len(self.examples)
    def batch(self, places, rng):
        time.sleep(0.2)
        return self.examples.batch(places, rng)

class SlowDigits:
    num_classes = 10
    metric_name = "accuracy"
    def data(self, input_shape, seed):
        data = find_task("digits").data(input_shape, seed)
        return replace(data, validation=Slow(data.validation))

TASK = SlowDigits()
"""

NO_NUMBER_TASK = """
from edgeslim.training.tasks import find_task
from dataclasses import replace

class Nothing:
    def update(self, outputs, targets):
        pass
    def value(self):
        return float("nan")

class Digits:
    num_classes = 10
    metric_name = "luck"
    def data(self, input_shape, seed):
        return replace(find_task("digits").data(input_shape, seed), metric=Nothing)

TASK = Digits()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the trained model ``net`` and tasks of a user's own."""
    folder = tmp_path_factory.mktemp("sensitivity")
    save_trained(folder / "net")
    (folder / "slow.py").write_text(SLOW_TASK)
    (folder / "luck.py").write_text(NO_NUMBER_TASK)
    return folder


def test_the_document_tells_every_point_of_every_group(folder: Path) -> None:
    out = ("--out", "document.jsonl", "--ratios", "0.3,0.9")
    done = edgeslim("sensitivity", "net", "--task", "digits", *out, "--json", folder=folder)
    assert done.code == 0, done.err
    found = done.document
    assert (found["metric"], found["file"], found["criterion"]) == (
        *("accuracy", "document.jsonl"),
        "l1",
    )
    assert found["baseline"] > 0.85
    assert set(found["sensitivities"]) == {"first_weights", "expand_weights"}
    for points in found["sensitivities"].values():
        assert [point["ratio"] for point in points] == [0.3, 0.9]
        for point in points:
            assert point["loss"] == pytest.approx(found["baseline"] - point["metric"])
            assert point["relative_loss"] == pytest.approx(point["loss"] / found["baseline"])
            assert 0 <= point["metric"] <= 1
    allowed = [each["allowed_loss"] for each in found["trade_off"]]
    removed = [each["removed"] for each in found["trade_off"]]
    assert (allowed[0], allowed[-1], len(allowed)) == (0.05, 0.95, 19)
    assert removed == sorted(removed)
    assert 0 < removed[-1] < 1
    assert "sensitivity: 4 of 4" in done.err
    stored = SensitivityFile.read(folder / "document.jsonl")
    assert stored.context.baseline == found["baseline"]
    assert len(stored.sensitivities.points) == 2
    again = edgeslim("sensitivity", "net", "--task", "digits", *out, "--json", folder=folder)
    assert again.document == found
    assert "sensitivity:" not in again.err


def test_people_get_a_table_and_a_picture(folder: Path) -> None:
    options = ("--ratios", "0.5", "--match", "first", "--criterion", "l2", "--eval-share", "0.25")
    shown = edgeslim(
        *("sensitivity", "net", "--task", "digits", *options),
        *("--out", "people.jsonl", "--plot", "groups.png"),
        folder=folder,
    )
    assert shown.code == 0, shown.err
    assert (folder / "groups.png").read_bytes().startswith(b"\x89PNG")
    assert "first_weights" in shown.out
    assert "expand_weights" not in shown.out
    assert "(99 examples, " in shown.out
    assert "are not significant with so many examples" in shown.out
    assert "people.jsonl" in shown.out


def test_interrupted_it_leaves_a_whole_file_and_goes_on_where_it_was(folder: Path) -> None:
    arguments = ("sensitivity", "net", "--task", "slow.py", "--out", "slow.jsonl", "--json")
    process = fork(*arguments, folder=folder)
    path = folder / "slow.jsonl"
    assert wait_until(lambda: path.exists() and path.read_bytes().count(b"\n") >= 4, timeout_s=120)
    process.send_signal(signal.SIGINT)
    stopped = ended(process)
    assert "interrupted; run the same command again to continue" in stopped.error(130)
    before = path.read_bytes()
    assert before.endswith(b"\n")
    known = len(before.splitlines()) - 1
    # The last line was not yet on the disk if the signal came just then.
    assert 2 <= known < 18
    done = edgeslim(*arguments, folder=folder)
    assert done.code == 0, done.err
    assert path.read_bytes().startswith(before)
    assert sum(map(len, done.document["sensitivities"].values())) == 18
    assert len(path.read_bytes().splitlines()) == 1 + 18
    assert f"sensitivity: {18 - known} of {18 - known}" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ("net", 2, "Missing option '--task'"),
        ("net --task digits --ratios 0.2;0.4", 2, "'0.2;0.4' are not ratios; write them like"),
        ("net --task digits --plot x.pdf", 2, "x.pdf must end with .png or .svg"),
        ("net --task digits --out slow.py", 1, "slow.py:1: this is no file of sensitivities"),
        ("net --task luck.py --out new.jsonl", 1, "metric is nan"),
        ("net --task digits --out net.pdmodel/new.jsonl", 1, "cannot write into net.pdmodel"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    folder: Path, arguments: str, code: int, says: str
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    failed = edgeslim("sensitivity", *arguments.split(), folder=folder)
    assert says in failed.error(code)
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
