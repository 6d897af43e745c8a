"""What a process needs to take part in a search, made of the search's own record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from edgeslim.conversion.find_space import find_space
from edgeslim.errors import UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.profiling.device_session import DeviceSession
from edgeslim.progress import Progress
from edgeslim.search.accuracy import ESTIMATORS, Accuracy, Judging
from edgeslim.search.algorithms import ALGORITHMS, Algorithm, Problem
from edgeslim.search.prefilter import Prefiltered, parse_prefilter
from edgeslim.search.proposals import Proposals
from edgeslim.search.proxies import PROXIES
from edgeslim.search.run_limits import RunLimits
from edgeslim.search.settings import SearchSettings, space_fingerprint
from edgeslim.search.shared_run import SharedRun
from edgeslim.search.worker import Worker
from edgeslim.spaces import Space
from edgeslim.training.tasks import find_task

__all__ = ["estimator", "judging", "space_of", "worker"]


def space_of(settings: SearchSettings) -> Space:
    """The space that a search is of, as this process knows it."""
    return find_space(settings.space).space(settings.input_shape, settings.num_classes)


def judging(settings: SearchSettings, space: Space, supernet: Path | None) -> Judging:
    """What networks of a search are judged for."""
    return Judging(
        space=space,
        task=find_task(settings.task),
        seed=settings.seed,
        epochs=settings.epochs,
        supernet=supernet,
    )


def estimator(settings: SearchSettings, space: Space, supernet: Path | None) -> Accuracy:
    """What gives networks of a search their accuracy."""
    return ESTIMATORS.get(settings.accuracy)(judging(settings, space, supernet))


def worker(
    run: SharedRun,
    space: Space,
    tables: Sequence[LatencyTable],
    *,
    accuracy: Accuracy | None,
    sessions: Mapping[int, DeviceSession],
    progress: Progress,
) -> Worker:
    """A process of a search.

    Args:
        run: The search.
        space: Its space.
        tables: The latency table of each target.
        accuracy: Gives networks their accuracy; None if others do that.
        sessions: Devices that this process owns, by the place of their target.
        progress: Where to show it.

    Raises:
        UsageError: The space is another here than where the search was begun.
    """
    settings = run.settings
    mine = space_fingerprint(space, tables[0].context.execution.target)
    if mine != settings.space_fingerprint:
        raise UsageError(
            f"{settings.space} is another space here ({mine}) than where the search was begun "
            f"({settings.space_fingerprint}); use the same version of edgeslim and the same file"
        )
    limits = RunLimits(settings, space, tables, run.networks)
    return Worker(
        run=run,
        space=space,
        limits=limits,
        proposals=Proposals(settings, _algorithm(settings, space), limits.of),
        accuracy=accuracy,
        sessions=sessions,
        progress=progress,
    )


def _algorithm(settings: SearchSettings, space: Space) -> Callable[[Problem], Algorithm]:
    """The search's algorithm, behind its prefilter if it has one."""
    make = ALGORITHMS.get(settings.algorithm)
    prefilter = parse_prefilter(settings.prefilter)
    if prefilter is None:
        return make
    proxy = PROXIES.get(prefilter.proxy)(judging(settings, space, None))
    return lambda problem: Prefiltered(make(problem), proxy.score, prefilter.among)
