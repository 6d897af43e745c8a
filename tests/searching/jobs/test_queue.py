"""The queue in one process: taking, finishing and failing; on both databases."""

from __future__ import annotations

import math
import time
from contextlib import nullcontext

import optuna
import pytest
from optuna.storages import get_storage

from edgeslim.errors import StorageError, UsageError
from edgeslim.searching.jobs.ledger import AttemptLimits
from edgeslim.searching.jobs.queue import JobQueue
from edgeslim.searching.jobs.storage import Storage, open_storage
from edgeslim.searching.jobs.trials import Notes
from edgeslim.searching.jobs.workers import worker_name
from tests.searching.jobs.queues import NAME, queue, states, taken

pytestmark = pytest.mark.slow


def test_jobs_are_taken_in_order_by_one_each(first: JobQueue, second: JobQueue) -> None:
    assert first.ensure([3, 1, 2]) == [1, 2, 3]
    assert second.ensure(range(1, 5)) == [4]
    jobs = [taken(each) for each in (first, second, first, second)]
    assert [job.candidate for job in jobs] == [1, 2, 3, 4]
    assert first.claim() is None
    for job in jobs:
        job.finish(job.candidate / 10, notes={"ms": 2.5})
    results = second.results()
    assert {number: each.values for number, each in results.items()} == {
        number: (number / 10,) for number in range(1, 5)
    }
    assert results[1].notes == {"ms": 2.5}
    assert results[1].worker == worker_name()
    assert second.ensure(range(1, 5)) == []


def test_only_what_is_below_a_number_is_taken(first: JobQueue) -> None:
    first.ensure(range(3))
    job = first.claim(below=1)
    assert job is not None
    assert first.claim(below=1) is None
    job.give_back()


def test_two_attempts_at_a_candidate_are_never_both_taken(
    first: JobQueue, second: JobQueue, storage: Storage
) -> None:
    # Both look before either adds: what a race of two creators leaves.
    first._trials.add(0)
    second._trials.add(0)
    job = taken(first)
    assert second.claim() is None
    job.finish(0.5)
    assert second.claim() is None
    second.requeue_silent()
    assert states(storage) == ["COMPLETE", "PRUNED"]
    assert second.status().wasted == 1


def test_who_adds_what_another_just_added_drops_it(
    first: JobQueue, second: JobQueue, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = second._trials.add

    def late(candidate: int) -> int:
        first.ensure([candidate])  # between the other's look and its adding
        return add(candidate)

    monkeypatch.setattr(second._trials, "add", late)
    assert second.ensure([0]) == [0]
    assert states(storage) == ["WAITING", "PRUNED"]
    taken(second).finish(1)


def test_who_has_time_leaves_adding_to_others(first: JobQueue, second: JobQueue) -> None:
    assert second.ensure([0], after_s=0.2) == []
    first.ensure([0])
    time.sleep(0.2)
    assert second.ensure([0], after_s=0.2) == []
    assert second.ensure([1], after_s=0.2) == []
    time.sleep(0.2)
    assert second.ensure([1], after_s=0.2) == [1]
    assert second.waiting() == [0, 1]
    assert second.waiting(below=1) == [0]


def test_the_dashboard_finds_tokens_latencies_and_the_objective(
    first: JobQueue, storage: Storage
) -> None:
    first.ensure([0, 1])
    with taken(first) as job:
        job.note(Notes(tokens=(1, 0), ranges=(3, 1), attributes={"ms": 1.5}))
        job.finish(0.5)
    with taken(first) as job:
        job.note(Notes(tokens=(2, 0), ranges=(3, 1)))
        job.note(Notes(attributes={"ms": 2.5}))
        job.finish(0.25)
    study = optuna.load_study(study_name=NAME, storage=storage.rdb)
    assert study.metric_names == ["accuracy"]
    assert study.best_params == {"t0": 1, "t1": 0}
    assert study.best_value == 0.5
    assert [trial.user_attrs["ms"] for trial in study.trials] == [1.5, 2.5]
    assert [each.tokens for each in first.results().values()] == [(1, 0), (2, 0)]


def test_notes_that_are_our_own_are_refused() -> None:
    with pytest.raises(UsageError, match="candidate"):
        Notes(attributes={"worker": "me"})


def test_what_fails_is_tried_again_up_to_three_times(first: JobQueue, storage: Storage) -> None:
    first.ensure([0, 1])
    for number in range(3):
        job = taken(first)
        assert job.candidate == 0
        job.fail(f"out of\nmemory {number}")
    job = taken(first)
    assert job.candidate == 1
    job.finish(0.5)
    result = first.results()[0]
    assert (result.values, result.reason, result.attempts) == ((), "out of memory 2", 3)
    status = first.status()
    assert (status.done, status.failed, status.wasted) == (1, {0: "out of memory 2"}, 3)
    assert first.ensure([0]) == []
    assert states(storage) == ["FAIL", "COMPLETE", "FAIL", "FAIL"]


def test_a_result_that_is_no_number_is_a_failure(first: JobQueue) -> None:
    first.ensure([0])
    for _ in range(3):
        taken(first).finish(math.nan)
    assert first.results()[0].reason == "its result is not a number: (nan,)"


def test_infinity_is_a_result(first: JobQueue) -> None:
    first.ensure([0])
    taken(first).finish(-math.inf)
    assert first.results()[0].values == (-math.inf,)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, None])
def test_who_is_interrupted_gives_its_job_back(
    first: JobQueue, second: JobQueue, error: type[BaseException] | None
) -> None:
    first.ensure([0])
    for _ in range(6):
        with pytest.raises(error) if error else nullcontext(), taken(first):
            if error is not None:
                raise error
    job = taken(second)
    assert job.candidate == 0
    job.finish(1)


def test_an_error_in_the_block_is_the_reason(first: JobQueue) -> None:
    first.ensure([0])
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), taken(first):
            _ = 1 / 0
    assert first.results()[0].reason == "ZeroDivisionError: division by zero"


def test_settings_are_those_of_who_came_first(first: JobQueue, storage: Storage) -> None:
    other = queue(storage, interval_s=5, grace_s=50, limits=AttemptLimits(failures=1))
    other.ensure([0])
    taken(other).fail("once")
    assert (other._interval_s, other._grace_s) == (1, 3)
    assert other.results() == {}
    with pytest.raises(ValueError, match="grace"):
        queue(storage, interval_s=2)


def test_another_s_study_is_refused(storage: Storage) -> None:
    foreign = optuna.create_study(study_name=NAME, storage=storage.rdb, direction="maximize")
    foreign.add_trial(optuna.create_trial(value=1.0))
    with pytest.raises(UsageError, match="not edgeslim's"):
        queue(storage)


def test_a_study_with_other_objectives_is_refused(storage: Storage, first: JobQueue) -> None:
    with pytest.raises(UsageError, match=r"its objectives are .'accuracy': 'maximize'"):
        JobQueue(storage, NAME, objectives={"accuracy": "maximize", "ms": "minimize"})


def test_a_study_that_was_not_marked_yet_is_marked(storage: Storage) -> None:
    storage.rdb.create_new_study([optuna.study.StudyDirection.MAXIMIZE], NAME)
    assert queue(storage).ensure([0]) == [0]


def test_a_deleted_study_is_a_clear_error(first: JobQueue, storage: Storage) -> None:
    first.ensure([0])
    storage.rdb.delete_study(storage.rdb.get_study_id_from_name(NAME))
    with pytest.raises(StorageError, match=r"'search' in .* was deleted"):
        first.results()


def test_trials_of_others_in_our_study_are_left_alone(first: JobQueue, storage: Storage) -> None:
    study = optuna.load_study(study_name=NAME, storage=storage.rdb)
    study.enqueue_trial({"x": 1})
    study.add_trial(optuna.create_trial(value=0.75))
    first.ensure([0])
    taken(first).finish(0.5)
    assert first.requeue_silent() == []
    assert list(first.results()) == [0]


def test_a_look_reads_only_what_may_have_changed(url: str) -> None:
    storage = open_storage(url)
    made = queue(storage)
    cached = get_storage(storage.rdb)
    study = storage.rdb.get_study_id_from_name(NAME)
    for number in range(30):
        attrs = {"candidate": number}
        cached.create_new_trial(study, optuna.create_trial(value=0.5, user_attrs=attrs))
    made.ensure([30, 31])
    assert len(made.results()) == 30
    assert [each.candidate for each in made._trials.read_changes()] == [30, 31]
    storage.close()
