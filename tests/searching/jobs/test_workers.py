"""Real processes on one storage: killed, stopped, interrupted, and left without the database."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import numpy as np
import pytest
import sqlalchemy

from edgeslim.errors import StorageError
from edgeslim.searching.jobs.queue import JobQueue
from edgeslim.searching.jobs.storage import open_storage
from tests.searching.jobs.postgres import Cluster, postgres
from tests.searching.jobs.workers import NAME, open_queue, team, value_of
from tests.tools import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A PostgreSQL that the test may stop."""
    with postgres() as running:
        yield running


def expect_all(queue: JobQueue, candidates: int) -> None:
    results = queue.results()
    assert {number: each.values for number, each in results.items()} == {
        number: (value_of(number),) for number in range(candidates)
    }


@pytest.mark.parametrize("seed", [0, 1])
def test_workers_killed_at_any_moment_lose_nothing(url: str, seed: int) -> None:
    candidates, generator = 40, np.random.default_rng(seed)
    queue = open_queue(url)
    with team(url) as workers:
        for _ in range(3):
            workers.hire(candidates)
        for _ in range(10):
            time.sleep(generator.uniform(0, 0.4))
            victims = [each for each in workers.processes if each.is_alive()]
            victim = victims[generator.integers(len(victims))]
            victim.kill()
            victim.join()
            workers.processes.remove(victim)
            workers.hire(candidates)
        assert workers.join(30) == [0, 0, 0]
    expect_all(queue, candidates)
    assert queue.status().running == ()


def test_a_stopped_worker_that_goes_on_counts_as_nothing(url: str) -> None:
    queue = open_queue(url)
    queue.ensure([0])
    with team(url) as workers:
        zombie = workers.hire(1, evaluation_s=1.0)
        assert zombie.pid is not None
        assert wait_until(lambda: queue.status().running)
        assert wait_until(lambda: queue.status().running[0].worker)
        os.kill(zombie.pid, signal.SIGSTOP)
        assert wait_until(lambda: queue.requeue_silent() == [0], timeout_s=12)
        job = queue.claim()
        assert job is not None
        job.finish(0.75)
        os.kill(zombie.pid, signal.SIGCONT)
        assert workers.join(10) == [0]
        assert workers.lost.is_set()
    result = queue.results()[0]
    assert (result.values, result.attempts) == ((0.75,), 2)


def test_an_interrupted_worker_s_job_is_free_at_once(url: str) -> None:
    queue = open_queue(url)
    queue.ensure([0])
    with team(url) as workers:
        worker = workers.hire(1, evaluation_s=60.0)
        assert worker.pid is not None
        assert wait_until(lambda: any(each.worker for each in queue.status().running))
        os.kill(worker.pid, signal.SIGINT)
        assert wait_until(lambda: queue.status().waiting == (0,), timeout_s=2.5)
        workers.join(5)
        assert worker.exitcode == 1
    assert queue.status().running == ()


def test_workers_wait_for_a_database_that_restarts(own_cluster: Cluster) -> None:
    candidates = 60
    queue = open_queue(own_cluster.url())
    with team(own_cluster.url()) as workers:
        for _ in range(3):
            workers.hire(candidates, evaluation_s=0.25)
        for how in ("fast", "immediate"):
            enough = min(candidates, len(queue.results()) + 3)
            assert wait_until(lambda n=enough: len(queue.results()) >= n, timeout_s=20)
            own_cluster.stop(how)
            time.sleep(0.5)
            own_cluster.start()
        assert workers.join(20) == [0, 0, 0]
    expect_all(queue, candidates)


def test_who_has_no_patience_is_told_and_may_start_again(own_cluster: Cluster) -> None:
    said: list[str] = []
    storage = open_storage(own_cluster.url(), patience_s=1, say=said.append)
    queue = JobQueue(storage, NAME)
    queue.ensure([0])
    own_cluster.stop()
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(StorageError, match="not answered for 1 s; start again") as caught:
            queue.results()
        assert time.monotonic() - began < 5
        assert "\n" not in str(caught.value)
    with pytest.raises(StorageError, match="cannot be used"):
        open_storage(own_cluster.url())
    own_cluster.start()
    job = queue.claim()
    assert job is not None
    own_cluster.stop()
    time.sleep(0.2)
    own_cluster.start()
    job.finish(0.5)
    assert queue.results()[0].values == (0.5,)
    assert len(said) == 3
    assert all("waiting for the storage" in each for each in said)


def test_a_worker_stopped_in_a_transaction_does_not_stop_the_others(own_cluster: Cluster) -> None:
    queue = open_queue(own_cluster.url())
    holder = open_storage(own_cluster.url())
    with holder.rdb.engine.connect() as connection:
        connection.execute(sqlalchemy.text("SELECT study_id FROM studies FOR UPDATE"))
        began = time.monotonic()
        assert queue.ensure([0]) == [0]
        assert 5 < time.monotonic() - began < 14
        with pytest.raises(sqlalchemy.exc.DBAPIError):
            connection.execute(sqlalchemy.text("SELECT 1"))
