"""Queues of two processes, as far as the storage can tell, and what befalls their workers."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy

from edgeslim.searching.jobs.job import ClaimedJob
from edgeslim.searching.jobs.ledger import AttemptLimits
from edgeslim.searching.jobs.own_tables import _BEATS
from edgeslim.searching.jobs.queue import JobQueue
from edgeslim.searching.jobs.storage import Storage
from tests.tools import wait_until

NAME = "search"


def queue(storage: Storage, **more: float | AttemptLimits) -> JobQueue:
    return JobQueue(storage, NAME, **{"interval_s": 1, "grace_s": 3, **more})  # type: ignore[arg-type]


def taken(made: JobQueue) -> ClaimedJob:
    job = made.claim()
    assert job is not None
    return job


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
