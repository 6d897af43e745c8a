"""``edgeslim slim`` as a user starts it: all steps, on this machine."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.program import edgeslim, ended, fork
from tests.pruning.trained import save_trained
from tests.tools import wait_until

pytestmark = pytest.mark.slow

GENEROUS = ("--task", "digits", "--target-latency", "10s", "--table", "t.jsonl")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trained model, and a table of it."""
    folder = tmp_path_factory.mktemp("slim")
    save_trained(folder / "net", stride=1)
    profiled = edgeslim(
        *("profile", "--model", "net", "--budget", "12", "--starts", "0", "--out", "t.jsonl"),
        folder=folder,
    )
    assert profiled.code == 0, profiled.err
    return folder


def test_a_limit_that_is_met_already_is_proved_and_reported(folder: Path) -> None:
    planned = edgeslim(
        "slim", "net", *GENEROUS, "--out", "kept", "--dry-run", "--json", folder=folder
    )
    assert not (folder / "kept").exists()
    done = edgeslim("slim", "net", *GENEROUS, "--out", "kept", "--json", folder=folder)
    assert done.code == 0, done.err
    found = done.document
    assert found["met"] is True
    assert found["made_by"] == "nothing"
    assert found["metric_after"] == found["metric_before"]
    low, high = found["speedup_interval"]
    assert low < found["speedup"] < high
    # What is already fast enough is not changed.
    kept = [command for command in planned.document["commands"] if " optimize " not in command]
    assert found["commands"] == [command.replace("LIMIT", "10000ms") for command in kept]
    page = (folder / "kept" / "report.html").read_text()
    assert "What was tried" in page
    assert "made faster by" in page
    # It is a model and a run like any other.
    again = edgeslim("evaluate", "kept", "--task", "digits", "--json", folder=folder)
    assert again.document["metrics"]["accuracy"] == found["metric_after"]
    report = edgeslim("report", "kept", "--out", "again.md", "--json", folder=folder)
    assert report.code == 0, report.err


def test_interrupted_it_goes_on_after_the_last_step(folder: Path) -> None:
    arguments = ("slim", "net", *GENEROUS, "--out", "cut", "--json")
    process = fork(*arguments, folder=folder)
    step = folder / "cut" / "steps" / "evaluate.json"
    assert wait_until(step.exists, timeout_s=300)
    process.send_signal(signal.SIGINT)
    assert ended(process).code == 130
    done = edgeslim(*arguments, folder=folder)
    assert done.code == 0, done.err
    assert "edgeslim evaluate" not in done.err  # it is done already
    assert done.document["met"] is True


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("mobilenet-v1",), "train it first: edgeslim train mobilenet-v1 --task digits"),
        (("net", "--target-latency", "-100%"), "leaves nothing of a latency"),
        (("net", "--target-latency", "130%"), "leaves nothing to do"),
        (("net", "--max-loss", "1"), "share like 1%"),
        (("net", "--means", "prunning"), "did you mean"),
        (("net", "--means", "pruning+int8"), "needs int8 before it"),
        (("net", "--means", "pruning+int8,int8"), "needs int8 before it"),
        (("net", "--table", "none.jsonl"), "no table none.jsonl"),
        (("net", "--epochs", "0"), "--epochs is at least 1, not 0"),
        (("net", "--device", "hots"), "did you mean"),
        (("net", "--task", "digit"), "did you mean"),
    ],
)
def test_what_cannot_be_meant_is_one_line_before_anything_runs(
    given: tuple[str, ...], said: str, folder: Path
) -> None:
    usual = {"--task": "digits", "--target-latency": "60%", "--out": "wrong"}
    named = [word for name, value in usual.items() if name not in given for word in (name, value)]
    assert said in edgeslim("slim", *given, *named, folder=folder).error(2)
    assert not (folder / "wrong").exists()
