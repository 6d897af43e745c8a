"""Many workers on one search: what kills cost, and what fifty workers ask of a database.

    PYTHONPATH=. .venv/bin/python benchmarks/search_workers.py [--kills] [--load] [--seed N]

Evaluations are simulated: a worker sleeps, and the accuracy is a formula of the tokens. All else
is real: processes, ``kill -9``, and a private PostgreSQL that waits for its disk. Candidate n is
a function of the results of candidates 0 to n-L, as in a search with L in parallel; each worker
replays that by itself.

``--kills``: four workers, 200 candidates of about half a second; every few seconds one of them,
chosen at random, is killed and another begins. The same without kills is computed in one
process without any storage, and must be the same.

``--load``: fifty workers whose evaluations take some milliseconds. All share this machine with
the database, so candidates a second are what its cores give; transactions and processor seconds
for each candidate are what a plan for a larger one begins with.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from machine import machine_line
from tabulate import tabulate

from edgeslim.errors import JobLostError
from edgeslim.searching.jobs.job import ClaimedJob
from edgeslim.searching.jobs.queue import JobQueue
from edgeslim.searching.jobs.storage import open_storage
from edgeslim.searching.jobs.trials import Notes
from edgeslim.searching.jobs.waiting import wait_for_change
from tests.searching.jobs.postgres import Cluster, postgres

RANGES = (4, 3, 3, 2, 2, 2) * 5
NAME = "search"
CONTEXT = multiprocessing.get_context("forkserver")

Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What the workers do."""

    candidates: int
    parallel: int
    evaluation_s: float
    seed: int
    interval_s: float = 1.0
    grace_s: float = 3.0
    longest_s: float = 1.0
    tokens: bool = True


class Toy:
    """A deterministic climb: candidate n mutates the best of those told before."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._best: tuple[float, Sequence[int]] = (-1.0, (0,) * len(RANGES))
        self.asked: list[Sequence[int]] = []
        self.told = 0

    def ask(self) -> None:
        generator = np.random.default_rng((self._seed, len(self.asked)))
        tokens = list(self._best[1])
        for place in generator.choice(len(RANGES), size=2, replace=False):
            tokens[place] = int(generator.integers(RANGES[place]))
        self.asked.append(tuple(tokens))

    def tell(self, accuracy: float) -> None:
        self._best = max(self._best, (accuracy, self.asked[self.told]))
        self.told += 1

    def replay(self, accuracies: Mapping[int, float], plan: Plan) -> None:
        """As far as results are there: ask L times, tell 0, ask, tell 1, ask …."""
        while len(self.asked) < min(plan.parallel, plan.candidates):
            self.ask()
        while self.told in accuracies:
            self.tell(accuracies[self.told])
            if len(self.asked) < plan.candidates:
                self.ask()


def accuracy(tokens: Sequence[int]) -> float:
    wanted = np.arange(len(RANGES)) * 7 % np.array(RANGES)
    return float(np.mean(wanted == tokens)) + sum(tokens) / 1000


def alone(plan: Plan) -> list[float]:
    """The search in one process, without a storage."""
    toy, accuracies = Toy(plan.seed), dict[int, float]()
    while len(accuracies) < plan.candidates:
        toy.replay(accuracies, plan)
        accuracies[len(accuracies)] = accuracy(toy.asked[len(accuracies)])
    return list(accuracies.values())


class Clock:
    """How long each kind of call took."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    def timed(self, name: str, call: Callable[[], Answer]) -> Answer:
        began = time.perf_counter()
        answer = call()
        self.seconds.setdefault(name, []).append(time.perf_counter() - began)
        return answer


def work(url: str, plan: Plan, log: Path | None = None) -> None:
    """A worker, until all candidates have their result."""
    queue = JobQueue(open_storage(url), NAME, interval_s=plan.interval_s, grace_s=plan.grace_s)
    generator, toy, clock = np.random.default_rng(os.getpid()), Toy(plan.seed), Clock()
    cpu_s, looked = time.process_time(), time.monotonic()

    def moved() -> bool:
        nonlocal looked
        if time.monotonic() - looked > plan.interval_s:
            queue.requeue_silent()
            looked = time.monotonic()
        known = len(clock.timed("look", queue.results))
        return known > seen or bool(queue.waiting(below=len(toy.asked)))

    busy = True
    while True:
        results = clock.timed("look", queue.results)
        toy.replay({number: each.values[0] for number, each in results.items()}, plan)
        if toy.told == plan.candidates:
            break
        seen, window = len(results), range(toy.told, len(toy.asked))
        clock.timed("ensure", partial(queue.ensure, window, after_s=0.0 if busy else 1.0))
        job = clock.timed("take", partial(queue.claim, below=len(toy.asked)))
        busy = job is not None
        if job is None:
            wait_for_change(moved, first_s=0.05, longest_s=plan.longest_s)
            continue
        with suppress(JobLostError), job:
            evaluate(job, toy.asked[job.candidate], plan, generator, clock)
    if log is not None:
        spent = time.process_time() - cpu_s
        log.write_text(json.dumps({"seconds": clock.seconds, "cpu_s": spent}))


def evaluate(
    job: ClaimedJob, tokens: Sequence[int], plan: Plan, generator: np.random.Generator, clock: Clock
) -> None:
    if plan.tokens:
        clock.timed("note", partial(job.note, Notes(tokens=tokens, ranges=RANGES)))
    time.sleep(plan.evaluation_s * generator.uniform(0.5, 1.5))
    clock.timed("finish", partial(job.finish, accuracy(tokens)))


def with_kills(cluster: Cluster, seed: int, every_s: float) -> None:
    plan = Plan(candidates=200, parallel=8, evaluation_s=0.5, seed=seed)
    url, kills = cluster.new_database("kills"), 0
    generator = np.random.default_rng(seed)

    def hire() -> multiprocessing.process.BaseProcess:
        process = CONTEXT.Process(target=work, args=(url, plan))
        process.start()
        return process

    workers, began = [hire() for _ in range(4)], time.monotonic()
    queue = JobQueue(open_storage(url), NAME, interval_s=plan.interval_s, grace_s=plan.grace_s)
    while len(queue.results()) < plan.candidates:
        time.sleep(generator.uniform(0.5, 1.5) * every_s)
        place = int(generator.integers(len(workers)))
        if workers[place].is_alive():
            workers[place].kill()
            workers[place].join()
            workers[place], kills = hire(), kills + 1
    for each in workers:
        each.join()
    wall_s = time.monotonic() - began
    results = queue.results()
    states = cluster.sql("SELECT state, count(*) FROM trials GROUP BY 1 ORDER BY 1", "kills")
    values = [results[number].values[0] for number in range(plan.candidates)]
    failed = sum(each.reason is not None for each in results.values())
    print(f"{kills} kills in {wall_s:.0f} s (without kills at best {200 * 0.5 / 4:.0f} s)")
    print(f"candidates with a result: {len(results)} of {plan.candidates}, {failed} failed")
    print(f"attempts by how they ended: {states.split()}")
    print("  FAIL: a killed worker's; PRUNED: added twice, dropped before they were evaluated")
    print(f"same results as alone: {values == alone(plan)}")


def under_load(
    cluster: Cluster, candidates: int, seed: int, workers: int, *, tokens: bool
) -> list[object]:
    plan = Plan(
        candidates=candidates,
        parallel=workers,
        evaluation_s=0.005,
        seed=seed,
        interval_s=10.0,
        grace_s=60.0,
        longest_s=5.0,
        tokens=tokens,
    )
    name = f"load{workers}{'t' if tokens else ''}"
    url = cluster.new_database(name)
    open_storage(url).close()
    before = transactions(cluster, name)
    with tempfile.TemporaryDirectory() as folder:
        logs = [Path(folder) / f"{number}.json" for number in range(workers)]
        team = [CONTEXT.Process(target=work, args=(url, plan, log)) for log in logs]
        began = time.monotonic()
        for each in team:
            each.start()
        for each in team:
            each.join()
        wall_s = time.monotonic() - began
        told = [json.loads(log.read_text()) for log in logs]
    queue = JobQueue(open_storage(url), NAME)
    values = [each.values[0] for _, each in sorted(queue.results().items())]
    assert values == alone(plan), "another result"

    def median_ms(kind: str) -> float:
        found = [each for log in told for each in log["seconds"].get(kind, [])]
        return 1e3 * statistics.median(found) if found else 0.0

    return [
        workers,
        "yes" if tokens else "no",
        plan.candidates / wall_s,
        (transactions(cluster, name) - before) / plan.candidates,
        1e3 * sum(each["cpu_s"] for each in told) / plan.candidates,
        median_ms("take"),
        median_ms("finish"),
        median_ms("look"),
        queue.status().wasted,
    ]


def transactions(cluster: Cluster, database: str) -> int:
    time.sleep(1.5)  # what a session did is counted when it is idle or gone
    query = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = "
    return int(cluster.sql(f"{query}'{database}'"))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", action="store_true", help="only this part")
    arguments.add_argument("--load", action="store_true", help="only this part")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--every", type=float, default=3.0, help="seconds between kills")
    arguments.add_argument("--workers", type=int, nargs="+", default=[1, 4, 50])
    arguments.add_argument("--tokens", action="store_true", help="loads also with tokens noted")
    arguments.add_argument("--candidates", type=int, default=400, help="of each load")
    options = arguments.parse_args()
    both = options.kills == options.load
    CONTEXT.set_forkserver_preload(
        [
            "edgeslim.searching.jobs.queue",
            "alembic.command",
            "psycopg2",
            "optuna.storages._rdb.models",
        ]
    )
    print("Evaluations are simulated: the workers sleep.")
    with postgres(durable=True) as cluster:
        if both or options.kills:
            with_kills(cluster, options.seed, options.every)
        if both or options.load:
            rows = [
                under_load(cluster, options.candidates, options.seed, workers, tokens=tokens)
                for workers in options.workers
                for tokens in (False, True)[: 1 + options.tokens]
            ]
            heads = (
                *("workers", "tokens noted", "candidates/s", "transactions each"),
                *("CPU ms each", "take ms", "finish ms", "look ms", "dropped"),
            )
            print(tabulate(rows, heads, floatfmt=".1f"))
    print(machine_line())


if __name__ == "__main__":
    main()
