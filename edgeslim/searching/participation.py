"""The parts of a process that takes part in a search, made from the search's own record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from edgeslim.algorithms import Algorithm, Problem, find_algorithm
from edgeslim.errors import UsageError
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.progress import Progress
from edgeslim.runs.search_settings import SearchSettings, space_fingerprint
from edgeslim.searching.accuracy import ESTIMATORS, AccuracyEstimator, EvaluationSetup
from edgeslim.searching.final_training import FinalTraining
from edgeslim.searching.jobs.storage import Storage, open_storage
from edgeslim.searching.limits import SearchLimits
from edgeslim.searching.prefilter import PrefilteredAlgorithm, parse_prefilter
from edgeslim.searching.proposals import CandidateProposals
from edgeslim.searching.proxies import PROXIES
from edgeslim.searching.run_limits import RunLimits
from edgeslim.searching.shared_run import SharedRun
from edgeslim.searching.worker import Worker
from edgeslim.spaces import Space
from edgeslim.training.tasks import Task

__all__ = ["make_estimator", "make_worker", "open_shared_storage"]

_log = logging.getLogger(__name__)


def open_shared_storage(url: str) -> Storage:
    """Opens a search's storage; when it does not answer, that is logged once and waited for."""
    return open_storage(url, say=_log.warning)


def make_estimator(
    settings: SearchSettings, space: Space, task: Task, supernet: Path | None
) -> AccuracyEstimator:
    """Makes the estimator of accuracies that a search's settings name."""
    return ESTIMATORS.get(settings.accuracy)(_evaluation_setup(settings, space, task, supernet))


def make_worker(
    run: SharedRun,
    first: SearchLimits,
    task: Task,
    *,
    accuracy: AccuracyEstimator | None,
    finals: FinalTraining | None,
    sessions: Mapping[int, DeviceSession],
    progress: Progress,
) -> Worker:
    """Makes this process's worker of a search.

    Args:
        run: The search in its storage.
        first: Limits of the search before anything was measured.
        task: Task that networks are trained for.
        accuracy: Estimates accuracies; None if other processes do that.
        finals: Trains finalists; None if other processes do that.
        sessions: Devices that this process owns, by the place of their target.
        progress: Shows how far it is.

    Raises:
        UsageError: The space is another here than where the search was started.
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
        proposals=CandidateProposals(settings, _make_algorithm(settings, space, task), limits.of),
        accuracy=accuracy,
        finals=finals,
        sessions=sessions,
        progress=progress,
    )


def _evaluation_setup(
    settings: SearchSettings, space: Space, task: Task, supernet: Path | None
) -> EvaluationSetup:
    """How the candidates of a search are evaluated."""
    return EvaluationSetup(
        space=space, task=task, seed=settings.seed, epochs=settings.epochs, supernet=supernet
    )


def _make_algorithm(
    settings: SearchSettings, space: Space, task: Task
) -> Callable[[Problem], Algorithm]:
    """The search's algorithm, behind its prefilter if it has one."""
    make = find_algorithm(settings.algorithm)
    prefilter = parse_prefilter(settings.prefilter)
    if prefilter is None:
        return make
    proxy = PROXIES.get(prefilter.proxy)(_evaluation_setup(settings, space, task, None))
    return lambda problem: PrefilteredAlgorithm(make(problem), proxy.score, prefilter.among)
