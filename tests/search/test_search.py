"""Whole searches, with real training and with this machine as the device."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeslim.durations import parse_ms
from edgeslim.errors import (
    BadFileError,
    ContextMismatchError,
    InfeasibleTargetError,
    MissingLatencyError,
    UnknownNameError,
    UsageError,
)
from edgeslim.latency_table import LatencyTable
from edgeslim.search.run_folder import RunFolder, SearchResult, SearchSettings
from edgeslim.search.search import search
from tests.program import Ended, edgeslim, ended, start
from tests.search.made_up import host_context, made_up_table, small_space
from tests.tools import wait_until
from tests.values import CONTEXT, relu, row, table_at

SPACE = small_space()
OPTIONS: dict[str, Any] = {
    "space": SPACE.name,
    "input_shape": SPACE.input_shape,
    "candidates": 2,
    "epochs": 1,
}
SETTINGS = SearchSettings(
    space=SPACE.name,
    input_shape=SPACE.input_shape,
    num_classes=SPACE.num_classes,
    target_ms=1.0,
    device="host",
    task="digits",
    algorithm="annealing",
    candidates=2,
    epochs=1,
    seed=0,
)
BEGUN = {"search.json", "table.jsonl", "evaluations.jsonl"}


@pytest.fixture(scope="module")
def other_table(tmp_path_factory: pytest.TempPathFactory) -> LatencyTable:
    """A table of a machine that is not this one: what uses it opens no device."""
    return made_up_table(tmp_path_factory.mktemp("other") / "host.jsonl", SPACE)


@pytest.mark.parametrize(
    ("option", "name", "near"),
    [
        ("space", "light-nas-smal", "light-nas-small"),
        ("task", "digit", "digits"),
        ("algorithm", "anealing", "annealing"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(
    other_table: LatencyTable, tmp_path: Path, option: str, name: str, near: str
) -> None:
    with pytest.raises(UnknownNameError, match=rf"{name!r}; did you mean {near!r}\?"):
        search(1.0, **{**OPTIONS, option: name}, table=other_table.path, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("option", "number"),
    [("candidates", 0), ("epochs", 0), ("epochs", -1), ("seed", -1), ("seed", 2**40)],
)
def test_numbers_that_cannot_be_meant_are_refused(
    other_table: LatencyTable, tmp_path: Path, option: str, number: int
) -> None:
    with pytest.raises(UsageError, match=rf"{option} must be .*not {number}"):
        search(1.0, **{**OPTIONS, option: number}, table=other_table.path, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_limit_below_the_fastest_network_leaves_nothing_behind(
    other_table: LatencyTable, tmp_path: Path
) -> None:
    with pytest.raises(InfeasibleTargetError, match=r"in 1\.00 us; the fastest takes"):
        search(1e-3, **OPTIONS, table=other_table.path, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_table_that_lacks_operators_is_refused_before_anything_is_trained(
    tmp_path: Path,
) -> None:
    table = table_at(tmp_path / "host.jsonl", row(relu(8), 1.0))
    with pytest.raises(
        MissingLatencyError, match=r"knows nothing like \w+ .* and \d+ more; measure them"
    ):
        search(1.0, **OPTIONS, table=table.path, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_table_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match=r"cannot read .*none\.jsonl"):
        search(1.0, **OPTIONS, table=tmp_path / "none.jsonl", out=tmp_path / "run")


def test_a_folder_with_another_search_is_left_alone(
    other_table: LatencyTable, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    run.begin(SETTINGS, other_table.path)
    with pytest.raises(UsageError, match=r"is a search with target ms 1\.0, not 0\.25; give"):
        search(0.25, **OPTIONS, table=other_table.path, out=run.path)
    assert run.settings() == SETTINGS
    assert run.evaluations() == {}


@pytest.mark.slow
def test_a_table_of_another_machine_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    context = msgspec.structs.replace(host_context(), hardware="a faster one, 64 cores")
    table = made_up_table(tmp_path / "host.jsonl", SPACE, context)
    with pytest.raises(ContextMismatchError, match="of another hardware: a faster one, 64 cores"):
        search(1.0, **OPTIONS, table=table.path, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_table_of_more_threads_than_cores_is_refused(tmp_path: Path) -> None:
    execution = msgspec.structs.replace(CONTEXT.execution, threads=4096)
    context = msgspec.structs.replace(host_context(), execution=execution)
    table = made_up_table(tmp_path / "host.jsonl", SPACE, context)
    with pytest.raises(UsageError, match="4096 threads do not fit"):
        search(1.0, **OPTIONS, table=table.path, out=tmp_path / "run")


@pytest.mark.slow
def test_where_the_device_is_slower_than_every_prediction_nothing_wins(tmp_path: Path) -> None:
    table = made_up_table(tmp_path / "host.jsonl", SPACE, host_context(), factor=0.01)
    run = tmp_path / "run"
    with pytest.raises(InfeasibleTargetError) as caught:
        search(0.01, **OPTIONS, table=table.path, out=run)
    said = re.fullmatch(
        r"none of the 2 best candidates ran in 10\.0 us on the device; "
        r"the fastest took (\S+ \S+): ask for that, or search longer",
        str(caught.value),
    )
    assert said is not None, caught.value
    assert 0.01 < parse_ms(said[1]) < 100
    assert {path.name for path in run.iterdir()} == BEGUN
    assert len(RunFolder(run).evaluations()) == 2


@pytest.mark.slow
def test_an_imported_table_of_a_device_without_a_profile_says_that_nothing_was_measured(
    tmp_path: Path,
) -> None:
    context = msgspec.structs.replace(CONTEXT, device="far-away", provenance="another project")
    table = made_up_table(tmp_path / "far.jsonl", SPACE, context)
    result = search(1.0, **OPTIONS, table=table.path, out=tmp_path / "run")
    assert result.measured == ()
    assert result.best.measured_ms is None
    assert result.best.predicted_ms <= 1.0
    assert result.notes == (
        "nothing was measured: there is no profile of far-away, and all is as predicted",
    )
    assert (tmp_path / "run" / "model" / "model.pdmodel").exists()


@pytest.mark.slow
def test_a_table_of_our_own_needs_its_device(tmp_path: Path) -> None:
    context = msgspec.structs.replace(CONTEXT, device="far-away")
    table = made_up_table(tmp_path / "far.jsonl", SPACE, context)
    with pytest.raises(UnknownNameError, match="unknown device 'far-away'"):
        search(1.0, **OPTIONS, table=table.path, out=tmp_path / "run")


def test_a_space_of_detectors_is_refused_for_a_task_that_classifies(
    other_table: LatencyTable, tmp_path: Path
) -> None:
    options = {**OPTIONS, "space": "blazeface", "input_shape": None}
    with pytest.raises(UsageError, match="blazeface makes detectors, and the task digits trains"):
        search(1.0, **options, table=other_table.path, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def found(run: Path) -> tuple[Any, ...]:
    """What a search must find again: everything but the clock's word."""
    result = RunFolder(run).result()
    best = msgspec.structs.replace(result.best, measured_ms=None)
    files = ("evaluations.jsonl", "model/model.pdiparams")
    return result.front, best, result.evaluated, *((run / file).read_bytes() for file in files)


@pytest.mark.slow
def test_a_search_that_was_interrupted_and_killed_ends_as_one_that_was_not(tmp_path: Path) -> None:
    made_up_table(tmp_path / "host.jsonl", SPACE, host_context())
    command = [
        *("search", "--target-latency", "100ms", "--space", SPACE.name, "--table", "host.jsonl"),
        *("--input-shape", "1,1,16,16", "--candidates", 4, "--epochs", 1, "--seed", 3, "--json"),
    ]
    whole = edgeslim(*command, "--out", "whole", folder=tmp_path)
    assert whole.code == 0, whole.err

    def evaluated() -> int:
        return len(RunFolder(tmp_path / "parts").evaluations())

    def start_and(number: signal.Signals, *, after: int) -> Ended:
        process = start(*command, "--out", "parts", folder=tmp_path)
        try:
            assert wait_until(lambda: evaluated() >= after, timeout_s=60)
        finally:
            process.send_signal(number)
        return ended(process)

    interrupted = start_and(signal.SIGINT, after=1)
    assert interrupted.error(130).startswith("interrupted; the same command goes on")
    assert interrupted.out == ""
    killed = start_and(signal.SIGKILL, after=evaluated() + 2)
    assert killed.code == -signal.SIGKILL
    assert evaluated() < 4
    assert not RunFolder(tmp_path / "parts").result_file.exists()

    parts = edgeslim(*command, "--out", "parts", folder=tmp_path)
    assert parts.code == 0, parts.err
    assert found(tmp_path / "parts") == found(tmp_path / "whole")
    check_document(parts.document, RunFolder(tmp_path / "parts").result())


def check_document(document: Any, result: SearchResult) -> None:
    """The document is the result, with the keys that others rely on."""
    assert document["run"] == "parts"
    assert Path(document["model"]) == Path("parts/model")
    assert document["evaluated"] == 4
    assert [tuple(each["tokens"]) for each in document["front"]] == [
        each.tokens for each in result.front
    ]
    best = document["best"]
    assert tuple(best["tokens"]) == result.best.tokens
    assert best["accuracy"] == max(each["accuracy"] for each in document["front"])
    assert 0 < best["measured_ms"] <= document["target_ms"] == 100
    assert best["predicted_ms"] > 0
