"""Whole searches, with real training and with this machine as the device."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeslim.device import DeviceChoice
from edgeslim.durations import parse_ms
from edgeslim.errors import (
    BadFileError,
    ContextMismatchError,
    EdgeslimError,
    InfeasibleTargetError,
    MissingLatencyError,
    UnknownNameError,
    UsageError,
)
from edgeslim.latency_table import LatencyTable
from edgeslim.runs.search_run import RunFolder, SearchDescription, SearchResult
from edgeslim.searching.jobs.address import file_url
from edgeslim.searching.jobs.storage import open_storage
from edgeslim.searching.join import join
from edgeslim.searching.search import search
from edgeslim.searching.shared_run import SharedRun
from edgeslim.searching.status import search_status
from edgeslim.spaces import SPACES
from tests.program import Ended, edgeslim, ended, fork
from tests.searching.made_up import host_context, made_up_table
from tests.searching.searches import settings
from tests.tools import wait_until
from tests.values import CONTEXT, relu, row, table_at

SPACE = SPACES.get("light-nas-small").space((1, 1, 8, 8), 10)
OPTIONS: dict[str, Any] = {
    "space": SPACE.name,
    "input_shape": SPACE.input_shape,
    "candidates": 2,
    "epochs": 1,
}
BEGUN = {"search.json", "table.jsonl", "study.db"}
"""What a search leaves that found nothing, but for what belongs to the study's file."""


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
        ("accuracy", "trainin", "training"),
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
    [("candidates", 0), ("epochs", 0), ("epochs", -1), ("seed", -1), ("confidence", 0.2)],
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
    with pytest.raises(InfeasibleTargetError, match=r"in 1\.00 us with .*; the fastest takes"):
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
    place = SearchDescription(
        settings=settings(space="light-nas", input_shape=SPACE.input_shape), study="run"
    )
    run.begin(place, [other_table.path])
    with pytest.raises(UsageError, match="is a search with space light-nas, not light-nas-small"):
        search(0.25, **OPTIONS, table=other_table.path, out=run.path)
    assert run.description() == place
    assert {each.name for each in run.path.iterdir()} == {"search.json", "table.jsonl"}


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
        search(0.003, **{**OPTIONS, "candidates": 1}, table=table.path, out=run)
    said = re.fullmatch(
        r"none of the 2 best candidates ran in 3\.00 us on host; "
        r"the nearest took (\S+ \S+) on host: ask for that, or search longer",
        str(caught.value),
    )
    assert said is not None, caught.value
    assert 0.003 < parse_ms(said[1]) < 100
    assert {path.name for path in run.iterdir()} - {"study.db-wal", "study.db-shm"} == BEGUN


@pytest.mark.slow
def test_an_imported_table_of_a_device_without_a_profile_says_that_nothing_was_measured(
    tmp_path: Path,
) -> None:
    context = msgspec.structs.replace(CONTEXT, device="far-away", provenance="another project")
    table = made_up_table(tmp_path / "far.jsonl", SPACE, context)
    result = search(1.0, **OPTIONS, table=table.path, out=tmp_path / "run")
    assert result.measured_candidates == ()
    assert result.best.measured_ms == (None,)
    assert result.best.predicted_ms[0] <= 1.0
    assert result.trained_accuracy == result.best.accuracy
    assert result.notes == (
        (
            "nothing was measured on far-away: there is no profile of it, and its latencies are as "
            "predicted"
        ),
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
    candidates = [msgspec.structs.replace(each, measured_ms=()) for each in result.candidates]
    best = msgspec.structs.replace(result.best, measured_ms=())
    return candidates, best, (run / "model/model.pdiparams").read_bytes()


def evaluated(run: Path) -> int | None:
    """How many candidates of a search are evaluated; None if it has not begun."""
    try:
        return search_status(str(run)).queues["candidates"].done
    except EdgeslimError:
        return None


COMMAND = [
    *("search", "--target-latency", "100ms", "--space", SPACE.name, "--table", "host.jsonl"),
    *("--input-shape", "1,1,8,8", "--epochs", 1, "--seed", 3, "--candidates", 6),
    *("--parallel", 2, "--finalists", 2, "--final-epochs", 2),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a search has ended that nothing disturbed, in ``whole``."""
    path = tmp_path_factory.mktemp("searches")
    made_up_table(path / "host.jsonl", SPACE, host_context())
    whole = edgeslim(*COMMAND, "--out", "whole", "--json", folder=path)
    assert whole.code == 0, whole.err
    check_document(whole.document, RunFolder(path / "whole").result())
    return path


@pytest.mark.slow
def test_a_search_that_was_interrupted_and_killed_ends_as_one_that_was_not(folder: Path) -> None:
    parts = folder / "parts"

    def start_and(number: signal.Signals, *, after: int) -> Ended:
        process = fork(*COMMAND, "--out", "parts", folder=folder)
        try:
            assert wait_until(lambda: (evaluated(parts) or 0) >= after, timeout_s=120)
        finally:
            process.send_signal(number)
        return ended(process)

    interrupted = start_and(signal.SIGINT, after=1)
    assert interrupted.error(130).startswith("interrupted; run the same command again to continue")
    assert interrupted.out == ""
    killed = start_and(signal.SIGKILL, after=(evaluated(parts) or 0) + 1)
    assert killed.code == -signal.SIGKILL
    assert evaluated(parts) in range(2, 6)
    assert not RunFolder(parts).result_file.exists()

    last = edgeslim(*COMMAND, "--out", "parts", folder=folder)
    assert last.code == 0, last.err
    assert found(parts) == found(folder / "whole")


@pytest.mark.slow
def test_others_that_join_share_the_work_and_change_nothing(folder: Path) -> None:
    owner = fork(*COMMAND, "--out", "shared", "--no-measure", folder=folder)
    assert wait_until(lambda: evaluated(folder / "shared") is not None, timeout_s=60)
    trainer = fork("search", "--join", "shared", "--json", folder=folder)
    measurer = fork("search", "--join", "shared", "--device", "host", "--json", folder=folder)
    ends = [ended(process) for process in (owner, trainer, measurer)]
    assert [each.code for each in ends] == [0, 0, 0], [each.err for each in ends]
    assert 1 <= ends[1].document["evaluated"] <= 5
    assert ends[1].document["measured"] == 0
    assert ends[2].document["evaluated"] == 0
    result = RunFolder(folder / "shared").result()
    assert ends[2].document["measured"] == len(result.measured_candidates) > 0
    assert result.best.measured_ms[0] is not None
    assert found(folder / "shared") == found(folder / "whole")

    status = edgeslim("search", "--status", "shared", "--json", folder=folder)
    queue = status.document["queues"]["candidates"]
    assert (queue["done"], queue["waiting"], queue["running"]) == (6, [], [])
    assert status.document["best"]["tokens"] == list(result.best.tokens)
    assert status.document["queues"]["finalists"]["done"] == 2
    assert "candidates" in edgeslim("search", "--status", "shared", folder=folder).out


@pytest.mark.slow
def test_a_worker_whose_space_is_another_version_is_refused(
    other_table: LatencyTable, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    begun = settings()
    run.begin(SearchDescription(settings=begun, study="run"), [other_table.path])
    storage = open_storage(file_url(run.study_file))
    SharedRun.create(storage, "run", begun, [other_table.path])
    storage.close()
    with pytest.raises(UsageError, match=r"light-nas-small is another space here \(\w+\) than"):
        join(str(run.path))
    with pytest.raises(UsageError, match="this search measures on host, not on android"):
        join(str(run.path), device=DeviceChoice(name="android"))


def test_there_must_be_a_search_to_join_or_look_at(tmp_path: Path) -> None:
    for look in (join, search_status):
        with pytest.raises(UsageError, match="nothing is not a folder of a search; give one, or"):
            look("nothing")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--join", "a", "--status", "b"], "--join and --status are two things"),
        (["--join", "a", "--space", "light-nas"], "has its limits, space and tables already"),
        (["--device", "host", "--table", "t"], "--device says whose table is taken"),
        (["--space", "light-nas"], "nothing limits the search: give --target-latency 20ms"),
    ],
)
@pytest.mark.slow
def test_options_that_do_not_go_together_are_refused(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    assert said in edgeslim("search", *arguments, folder=tmp_path).error(2)


def check_document(document: Any, result: SearchResult) -> None:
    """The document is the result, with the keys that others rely on."""
    assert document["run"] == "whole"
    assert Path(document["model"]) == Path("whole/model")
    assert document["evaluated"] == 6
    assert [tuple(each["tokens"]) for each in document["front"]] == [
        each.tokens for each in result.front
    ]
    best = document["best"]
    assert tuple(best["tokens"]) == result.best.tokens
    finals = [each["final_accuracy"] for each in document["measured"] if each["final_accuracy"]]
    assert len(finals) == 2
    assert best["final_accuracy"] == document["trained_accuracy"] == max(finals)
    assert document["metric"] == "accuracy"
    assert 0 < best["measured_ms"] <= document["target_ms"] == 100
    assert best["predicted_ms"] > 0
    assert best["latencies"][0]["device"] == "host"


@pytest.mark.slow
def test_work_alone_can_be_limited_without_any_table(tmp_path: Path) -> None:
    found = search(**OPTIONS, max_macs=750_000, out=tmp_path / "run")
    assert found.targets == ()
    (size,) = found.sizes
    assert (size.what, size.allowed) == ("macs", 750_000)
    assert 150_000 < size.reached <= 750_000
    assert all(each.predicted_ms == () and not each.is_measured for each in found.candidates)
    assert (Path(found.model) / "model.pdmodel").exists()
    assert search(**OPTIONS, max_macs=750_000, out=tmp_path / "run") == found


def test_something_must_be_limited(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing limits the search: give --target-latency"):
        search(**OPTIONS, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
