"""The queue in one process: taking, finishing, failing, falling silent; on both databases."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta

import optuna
import pytest
import sqlalchemy
from optuna.storages import get_storage
from optuna.trial import TrialState

from edgeslim.errors import JobLostError, StorageError, UsageError
from edgeslim.searching.jobs.job import ClaimedJob
from edgeslim.searching.jobs.ledger import AttemptLimits
from edgeslim.searching.jobs.queue import JobQueue
from edgeslim.searching.jobs.storage import Storage, open_storage
from edgeslim.searching.jobs.trials import _BEATS, Notes
from edgeslim.searching.jobs.workers import worker_name
from tests.tools import wait_until

pytestmark = pytest.mark.slow

NAME = "search"


def queue(storage: Storage, **more: float | AttemptLimits) -> JobQueue:
    return JobQueue(storage, NAME, **{"interval_s": 1, "grace_s": 3, **more})  # type: ignore[arg-type]


def taken(made: JobQueue) -> ClaimedJob:
    job = made.claim()
    assert job is not None
    return job


@pytest.fixture
def first(storage: Storage) -> JobQueue:
    return queue(storage)


@pytest.fixture
def second(storage: Storage, first: JobQueue) -> JobQueue:
    """Another process's, as far as the storage can tell."""
    return queue(storage)


def states(storage: Storage) -> list[str]:
    rdb = storage.rdb
    study = rdb.get_study_id_from_name(NAME)
    return [trial.state.name for trial in rdb.get_all_trials(study)]


def age(storage: Storage, seconds: float) -> None:
    """Lets all heartbeats so far be older."""
    ago = timedelta(seconds=seconds)
    with storage.rdb.engine.begin() as connection:
        for number, beat in connection.execute(sqlalchemy.select(_BEATS)).all():
            mine = _BEATS.c.trial_id == number
            connection.execute(sqlalchemy.update(_BEATS).where(mine).values(heartbeat=beat - ago))


def die(job: ClaimedJob) -> None:
    """What is left of a job whose worker was killed: nothing beats."""
    job._stop()
    job._heart.join()


def look_until_reaped(made: JobQueue) -> list[int]:
    reaped: list[int] = []

    def has_reaped() -> bool:
        reaped.extend(made.requeue_silent())
        return bool(reaped)

    assert wait_until(has_reaped)
    return reaped


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


def test_a_silent_worker_s_job_goes_to_others_and_its_result_counts_not(
    first: JobQueue, second: JobQueue, storage: Storage
) -> None:
    first.ensure([0])
    zombie = taken(first)
    zombie.note(Notes(attributes={"ms": 1}))
    die(zombie)
    assert second.requeue_silent() == []
    age(storage, 60)
    assert look_until_reaped(second) == [0]
    for late in (lambda: zombie.note(Notes(attributes={"ms": 2})), lambda: zombie.finish(0.1)):
        with pytest.raises(JobLostError, match="candidate 0"):
            late()
    with pytest.raises(JobLostError):
        zombie.fail("late")
    zombie.give_back()
    taken(second).finish(0.9)
    with pytest.raises(JobLostError):
        zombie.finish(0.1)
    assert first.results()[0].values == (0.9,)
    assert first.results()[0].attempts == 2
    assert states(storage) == ["FAIL", "COMPLETE"]


def test_a_beating_heart_is_left_alone(first: JobQueue, second: JobQueue, storage: Storage) -> None:
    first.ensure([0])
    job = taken(first)
    second.requeue_silent()
    time.sleep(2.5)  # watched for two intervals
    age(storage, 60)
    assert wait_until(lambda: second.status().running[0].silent_s < 2)
    assert second.requeue_silent() == []
    job.finish(1)


def test_after_a_time_without_the_database_the_living_have_time_to_say_so(
    first: JobQueue, second: JobQueue, storage: Storage
) -> None:
    first.ensure([0])
    job = taken(first)
    die(job)
    second.requeue_silent()
    time.sleep(2.1)
    age(storage, 60)
    storage.mark_trouble()
    assert second.requeue_silent() == []
    job.finish(1)


def test_a_new_process_watches_before_it_declares_others_dead(
    first: JobQueue, storage: Storage
) -> None:
    first.ensure([0])
    die(taken(first))
    age(storage, 60)
    late = queue(storage)
    assert late.requeue_silent() == []
    assert look_until_reaped(late) == [0]


def killed_between_pop_and_beat(made: JobQueue) -> None:
    """Not by our rules: the hole in Optuna's own."""
    made._storage.rdb.set_trial_state_values(made._ledger.claimable()[0].key, TrialState.RUNNING)


def killed_between_beat_and_pop(made: JobQueue) -> None:
    made._trials.beat(made._ledger.claimable()[0])


def killed_between_pop_and_signature(made: JobQueue) -> None:
    assert made._trials.claim(made._ledger.claimable()[0])


@pytest.mark.parametrize("killed", [killed_between_pop_and_beat, killed_between_pop_and_signature])
def test_a_worker_killed_while_it_takes_loses_no_job(
    first: JobQueue, second: JobQueue, storage: Storage, killed: Callable[[JobQueue], None]
) -> None:
    first.ensure([0])
    killed(first)
    assert second.claim() is None
    second.requeue_silent()
    age(storage, 60)
    assert look_until_reaped(second) == [0]
    taken(second).finish(1)


def test_a_worker_killed_before_its_pop_leaves_the_job_to_be_taken(
    first: JobQueue, second: JobQueue, storage: Storage
) -> None:
    first.ensure([0])
    killed_between_beat_and_pop(first)
    age(storage, 60)
    job = taken(second)
    assert second.status().running[0].silent_s < 3
    job.finish(1)


@pytest.mark.parametrize("state", [TrialState.FAIL, TrialState.PRUNED])
def test_a_worker_killed_before_it_added_the_next_attempt_loses_no_job(
    first: JobQueue, second: JobQueue, storage: Storage, state: TrialState
) -> None:
    first.ensure([0])
    job = taken(first)
    die(job)
    storage.rdb.set_trial_state_values(job._attempt.key, state)
    assert second.claim() is None
    assert second.requeue_silent() == [0]
    assert second.requeue_silent() == []
    taken(second).finish(1)


def test_who_makes_workers_fall_silent_is_given_up(storage: Storage) -> None:
    poisonous = JobQueue(
        storage, "poison", interval_s=1, grace_s=3, limits=AttemptLimits(silences=2)
    )
    first = JobQueue(storage, "poison")
    first.ensure([0])
    for _ in range(2):
        die(taken(poisonous))
        age(storage, 60)
        wait_until(lambda: bool(first.requeue_silent()) or 0 in first.results())
    assert first.claim() is None
    assert first.results()[0].reason == "its worker fell silent 2 times"


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
