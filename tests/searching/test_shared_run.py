"""A search in a storage, as every process sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from edgeslim.errors import UsageError
from edgeslim.latency_rows import NetworkRow
from edgeslim.runs.candidates import Candidate
from edgeslim.runs.search_settings import LatencyTarget
from edgeslim.searching.jobs.address import file_url
from edgeslim.searching.jobs.storage import Storage, open_storage
from edgeslim.searching.jobs.trials import Notes
from edgeslim.searching.shared_run import SharedRun
from tests.searching.searches import SPACE, candidate, settings, targets
from tests.values import chain, relu, row, table_at, timed

pytestmark = pytest.mark.slow

NOWHERE = LatencyTarget(device="device2", target_ms=3.0, table="t2", measurable=False)
WANTED = settings(targets=(*targets(1.0, 2.0), NOWHERE), candidates=4, most_candidates=4)
TOKENS = SPACE.initial_tokens


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    opened = open_storage(file_url(tmp_path / "study.db"))
    yield opened
    opened.close()


@pytest.fixture
def tables(tmp_path: Path) -> list[Path]:
    return [
        table_at(tmp_path / f"{number}.jsonl", row(relu(8 + number), 1.0)).path
        for number in range(3)
    ]


@pytest.fixture
def run(storage: Storage, tables: list[Path]) -> SharedRun:
    return SharedRun.create(storage, "first", WANTED, tables)


def evaluate(run: SharedRun, each: Candidate | None) -> None:
    job = run.candidates.claim()
    assert job is not None
    with job:
        if each is not None:
            job.note(Notes(tokens=each.tokens, ranges=SPACE.ranges))
        run.finish(job, each and msgspec.structs.replace(each, number=job.candidate))


def network(milliseconds: float) -> NetworkRow:
    return NetworkRow(name="net", graph=chain(relu(8)), measurements=(timed(milliseconds),))


def test_whoever_opens_a_search_sees_what_it_was_begun_with(
    run: SharedRun, storage: Storage, tmp_path: Path
) -> None:
    other = SharedRun.open(storage, "first")
    assert other.settings == run.settings == WANTED
    (tmp_path / "own").mkdir()
    found = other.tables(tmp_path / "own")
    assert [list(table) for table in found] == [[relu(8)], [relu(9)], [relu(10)]]
    assert set(other.measuring) == {0, 1}


def test_a_search_that_is_not_there_is_said_so(run: SharedRun, storage: Storage) -> None:
    with pytest.raises(UsageError, match=r"study\.db has no search called 'second'"):
        SharedRun.open(storage, "second")


def test_another_search_of_the_same_name_is_refused(
    run: SharedRun, storage: Storage, tables: list[Path]
) -> None:
    other = replace(WANTED, seed=7)
    with pytest.raises(UsageError, match=r"'first' in .* is a search with seed 0, not 7; give"):
        SharedRun.create(storage, "first", other, tables)
    assert SharedRun.create(storage, "first", WANTED, tables).settings == WANTED


def test_candidates_are_seen_by_all_with_what_devices_took(
    run: SharedRun, storage: Storage
) -> None:
    predicted = (0.1 + 0.2, 1 / 3, 0.5)
    good = candidate(0, TOKENS, accuracy=2 / 3, predicted_ms=predicted)
    bad = candidate(1, TOKENS, accuracy=0.0, predicted_ms=predicted, failed="the loss is nan")
    run.candidates.ensure(range(3))
    for each in (good, bad, None):
        evaluate(run, each)
    other = SharedRun.open(storage, "first")
    none = (None, None, None)
    assert other.results() == {
        0: msgspec.structs.replace(good, measured_ms=none),
        1: msgspec.structs.replace(bad, measured_ms=none),
        2: None,
    }
    other.measuring[1].ensure([0])
    job = other.measuring[1].claim()
    assert job is not None
    with job:
        other.finish_measuring(job, 1, network(0.25), part=2)
    seen = run.results()[0]
    assert seen is not None
    assert seen.measured_ms == (None, 0.25, None)
    assert run.networks(1, 3) == [network(0.25)]
    assert run.networks(1, 2) == []
    assert run.networks(0, 3) == run.networks(2, 3) == []


def test_a_network_that_never_runs_has_failed(run: SharedRun) -> None:
    run.candidates.ensure([0])
    evaluate(run, candidate(0, TOKENS, predicted_ms=(1.0, 1.0, 1.0)))
    run.measuring[0].ensure([0])
    for _ in range(3):
        job = run.measuring[0].claim()
        assert job is not None
        job.fail("opt crashed")
    assert run.measuring[0].claim() is None
    seen = run.results()[0]
    assert seen is not None
    assert seen.failed == "opt crashed"
    assert seen.measured_ms == (None, None, None)


def test_all_must_have_the_same_supernet(run: SharedRun, storage: Storage, tmp_path: Path) -> None:
    ours, another = tmp_path / "ours.npz", tmp_path / "another.npz"
    ours.write_bytes(b"ours")
    another.write_bytes(b"another")
    run.agree_on_supernet(ours)
    run.agree_on_supernet(ours)
    with pytest.raises(UsageError, match=r"is not the supernet of the search: its checksum is \w+"):
        SharedRun.open(storage, "first").agree_on_supernet(another)


def test_a_status_tells_of_candidates_and_of_each_device(run: SharedRun) -> None:
    run.candidates.ensure(range(2))
    evaluate(run, candidate(0, TOKENS, predicted_ms=(1.0, 1.0, 1.0)))
    status = run.status()
    assert list(status) == ["candidates", "on device0", "on device1"]
    assert status["candidates"].done == 1
    assert status["candidates"].waiting == (1,)


def test_settings_of_another_version_are_said_so(storage: Storage, tables: list[Path]) -> None:
    from edgeslim.searching.jobs.record import Record

    Record(storage, "old record").write_once("settings", b'{"space": 3}')
    with pytest.raises(UsageError, match="'old' is a search of another version of edgeslim: "):
        SharedRun.open(storage, "old")


def test_two_ways_to_run_on_one_device_are_kept_apart(storage: Storage, tables: list[Path]) -> None:
    twice = tuple(
        LatencyTarget(device="phone", target_ms=1.0 + number, table=f"t{number}")
        for number in range(2)
    )
    both = settings(targets=twice)
    run = SharedRun.create(storage, "both", both, tables[:2])
    assert list(run.status()) == ["candidates", "on phone (t0)", "on phone (t1)"]
    run.candidates.ensure([0])
    evaluate(run, candidate(0, TOKENS, predicted_ms=(1.0, 1.0)))
    run.measuring[1].ensure([0])
    job = run.measuring[1].claim()
    assert job is not None
    with job:
        run.finish_measuring(job, 1, network(0.25), part=0)
    seen = run.results()[0]
    assert seen is not None
    assert seen.measured_ms == (None, 0.25)


def test_finalists_have_jobs_of_their_own_which_may_fail(
    storage: Storage, tables: list[Path]
) -> None:
    wanted = replace(WANTED, finalists=2, final_epochs=9)
    run = SharedRun.create(storage, "finals", wanted, tables)
    assert run.finals is not None
    run.candidates.ensure(range(2))
    for accuracy in (0.5, 0.6):
        evaluate(run, candidate(0, TOKENS, accuracy=accuracy, predicted_ms=(0.5, 0.5, 0.5)))
    run.finals.ensure([0, 1])
    for accuracy, failed in ((0.75, ""), (0.0, "the loss is nan")):
        job = run.finals.claim()
        assert job is not None
        with job:
            run.finish_final(job, accuracy, failed)
    again = SharedRun.open(storage, "finals")
    first, second = (again.results()[number] for number in range(2))
    assert first is not None
    assert second is not None
    assert (first.accuracy, first.final_accuracy, first.failed) == (0.5, 0.75, "")
    assert (second.final_accuracy, second.failed) == (None, "the loss is nan")
    assert again.status()["finalists"].done == 2


def test_one_finalist_needs_no_jobs(run: SharedRun) -> None:
    assert run.finals is None
    assert "finalists" not in run.status()
