"""Workers that fall silent, or are killed at any moment: none of their jobs is lost."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from optuna.trial import TrialState

from edgeslim.errors import JobLostError
from edgeslim.searching.jobs.ledger import AttemptLimits
from edgeslim.searching.jobs.queue import JobQueue
from edgeslim.searching.jobs.storage import Storage
from edgeslim.searching.jobs.trials import Notes
from tests.searching.jobs.queues import age, die, look_until_reaped, queue, states, taken
from tests.tools import wait_until

pytestmark = pytest.mark.slow


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
