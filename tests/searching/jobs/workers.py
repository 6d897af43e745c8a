"""Real worker processes for tests, which can be killed and stopped at any moment."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess

from edgeslim.errors import JobLostError
from edgeslim.searching.jobs.queue import JobQueue
from edgeslim.searching.jobs.storage import open_storage
from edgeslim.searching.jobs.waiting import wait_for_change

__all__ = ["NAME", "Team", "open_queue", "value_of", "work"]

NAME = "search"

_AHEAD = 6
"""How many jobs are there to be taken at a time."""

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["edgeslim.searching.jobs.queue", "alembic.command", "psycopg2", "optuna.storages._rdb.models"]
)


def open_queue(url: str, *, patience_s: float = 30.0) -> JobQueue:
    """The queue of these tests: hearts beat every second."""
    return JobQueue(open_storage(url, patience_s=patience_s), NAME, interval_s=1, grace_s=3)


def value_of(candidate: int) -> float:
    """What the evaluation of a candidate gives."""
    return candidate / 128


def work(url: str, candidates: int, evaluation_s: float, lost: object = None) -> None:
    """Works until all candidates have a result; ``lost`` is an event that tells of lost jobs."""
    queue = open_queue(url)
    queue.requeue_silent()

    def nothing_left_or_something_to_take() -> bool:
        queue.requeue_silent()
        done = len(queue.results())
        return done == candidates or bool(queue.status().waiting) or done > before

    while (before := len(queue.results())) < candidates:
        queue.ensure(range(min(candidates, len(queue.results()) + _AHEAD)))
        job = queue.claim()
        if job is None:
            wait_for_change(nothing_left_or_something_to_take, first_s=0.05, longest_s=0.5)
            continue
        try:
            with job:
                time.sleep(evaluation_s)
                job.finish(value_of(job.candidate))
        except JobLostError:
            if lost is not None:
                lost.set()  # type: ignore[attr-defined]


class Team:
    """Worker processes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.processes: list[ForkServerProcess] = []
        self.lost = _CONTEXT.Event()

    def hire(self, candidates: int, evaluation_s: float = 0.05) -> ForkServerProcess:
        process = _CONTEXT.Process(
            target=work, args=(self.url, candidates, evaluation_s, self.lost), daemon=True
        )
        process.start()
        self.processes.append(process)
        return process

    def join(self, timeout_s: float) -> list[int | None]:
        """Exit codes of all that are at work still."""
        deadline = time.monotonic() + timeout_s
        for process in self.processes:
            process.join(max(0.0, deadline - time.monotonic()))
        return [process.exitcode for process in self.processes]


@contextmanager
def team(url: str) -> Iterator[Team]:
    """A team that is gone at the end."""
    made = Team(url)
    try:
        yield made
    finally:
        for process in made.processes:
            process.kill()
            process.join()
