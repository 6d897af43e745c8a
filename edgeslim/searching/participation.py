"""What a process needs to take part in a search, made of the search's own record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from edgeslim.algorithms import Algorithm, Problem, find_algorithm
from edgeslim.errors import UsageError
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.progress import Progress
from edgeslim.runs.search_settings import SearchSettings, space_fingerprint
from edgeslim.searching.accuracy import ESTIMATORS, Accuracy, Judging
from edgeslim.searching.final_training import FinalTraining
from edgeslim.searching.jobs.storage import Storage, open_storage
from edgeslim.searching.limits import Limits
from edgeslim.searching.prefilter import Prefiltered, parse_prefilter
from edgeslim.searching.proposals import Proposals
from edgeslim.searching.proxies import PROXIES
from edgeslim.searching.run_limits import RunLimits
from edgeslim.searching.shared_run import SharedRun
from edgeslim.searching.worker import Worker
from edgeslim.spaces import Space
from edgeslim.training.tasks import Task

__all__ = ["estimator", "opened", "worker"]

_log = logging.getLogger(__name__)


def opened(url: str) -> Storage:
    """A search's storage; while it is away, that is said once and it is waited for."""
    return open_storage(url, say=_log.warning)


def estimator(
    settings: SearchSettings, space: Space, task: Task, supernet: Path | None
) -> Accuracy:
    """What gives networks of a search their accuracy."""
    return ESTIMATORS.get(settings.accuracy)(_judging(settings, space, task, supernet))


def worker(
    run: SharedRun,
    first: Limits,
    task: Task,
    *,
    accuracy: Accuracy | None,
    finals: FinalTraining | None,
    sessions: Mapping[int, DeviceSession],
    progress: Progress,
) -> Worker:
    """A process of a search.

    Args:
        run: The search.
        first: Its limits before anything was measured.
        task: What its networks are for.
        accuracy: Gives networks their accuracy; None if others do that.
        finals: Trains finalists; None if others do that.
        sessions: Devices that this process owns, by the place of their target.
        progress: Where to show it.

    Raises:
        UsageError: The space is another here than where the search was begun.
    """
    settings, space = run.settings, first.space
    mine = space_fingerprint(space, first.target)
    if mine != settings.space_fingerprint:
        raise UsageError(
            f"{settings.space} is another space here ({mine}) than where the search was begun "
            f"({settings.space_fingerprint}); use the same version of edgeslim and the same file"
        )
    limits = RunLimits(settings, first, run.networks)
    return Worker(
        run=run,
        space=space,
        limits=limits,
        proposals=Proposals(settings, _algorithm(settings, space, task), limits.of),
        accuracy=accuracy,
        finals=finals,
        sessions=sessions,
        progress=progress,
    )


def _judging(settings: SearchSettings, space: Space, task: Task, supernet: Path | None) -> Judging:
    """What networks of a search are judged for."""
    return Judging(
        space=space, task=task, seed=settings.seed, epochs=settings.epochs, supernet=supernet
    )


def _algorithm(
    settings: SearchSettings, space: Space, task: Task
) -> Callable[[Problem], Algorithm]:
    """The search's algorithm, behind its prefilter if it has one."""
    make = find_algorithm(settings.algorithm)
    prefilter = parse_prefilter(settings.prefilter)
    if prefilter is None:
        return make
    proxy = PROXIES.get(prefilter.proxy)(_judging(settings, space, task, None))
    return lambda problem: Prefiltered(make(problem), proxy.score, prefilter.among)
