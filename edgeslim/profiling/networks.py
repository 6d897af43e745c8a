"""Whole networks measured on the device: the judge of every prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from edgeslim.conversion.operator_jobs import model_job
from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.durations import now
from edgeslim.graph import Graph
from edgeslim.latency_table import NetworkRow
from edgeslim.measurement import Measurement
from edgeslim.profiling.drift import DriftWatch
from edgeslim.progress import SILENT, Progress
from edgeslim.runner.job import Job, Outcome
from edgeslim.runner.protocol import Sampling

__all__ = [
    "MeasuredNetworks",
    "OptimizedNetwork",
    "measure_networks",
    "measure_side_by_side",
]

_EXTRA_ROUNDS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class OptimizedNetwork:
    """A network as the device gets it.

    Args:
        name: Short name.
        file: The optimized model.
        graph: Its fused operators.
    """

    name: str
    file: OptimizedFile
    graph: Graph


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredNetworks:
    """What the device took.

    Args:
        measurements: By network, all rounds together.
        references_ms: What the reference operator took around each of them.
        device_s: Time the runner spent in runs and warm-up.
        waited_s: Time it waited for a disturbed device.
    """

    measurements: Mapping[str, Measurement]
    references_ms: Mapping[str, float]
    device_s: float = 0.0
    waited_s: float = 0.0

    def rows(self, networks: Sequence[OptimizedNetwork]) -> list[NetworkRow]:
        """The networks as rows of a table."""
        return [
            NetworkRow(
                name=network.name,
                graph=network.graph,
                measurements=(self.measurements[network.name],),
                reference_ms=self.references_ms[network.name],
                measured=now(),
            )
            for network in networks
        ]


def measure_networks(
    watch: DriftWatch,
    networks: Sequence[OptimizedNetwork],
    *,
    rounds: int = 3,
    seconds: float = 0.5,
    progress: Progress = SILENT,
) -> MeasuredNetworks:
    """Times networks in several rounds, one after the other in each, and pools the samples.

    Rounds in which the device was disturbed are left out, as long as others remain.

    Args:
        watch: Of the device.
        networks: Their names differ.
        rounds: How often each is timed, the others in between.
        seconds: Time for each network and round.
        progress: Where to show it.

    Raises:
        RunnerError, ProgramError: A network does not run.
    """
    return measure_side_by_side(
        [(watch, networks)], rounds=rounds, seconds=seconds, progress=progress
    )


def measure_side_by_side(
    groups: Sequence[tuple[DriftWatch, Sequence[OptimizedNetwork]]],
    *,
    rounds: int = 3,
    seconds: float = 0.5,
    progress: Progress = SILENT,
) -> MeasuredNetworks:
    """As `measure_networks`, for networks that run in several ways on one device.

    Each round is of all groups, so that what changes slowly meets all of them alike.

    Args:
        groups: Ways to run on the device, such as with one thread and with two, and the networks
            that run so; no name comes twice.
        rounds: How often each is timed.
        seconds: Time for each network and round.
        progress: Where to show it.

    Raises:
        RunnerError, ProgramError: A network does not run.
    """
    sampling = Sampling(
        minimum_samples=8, maximum_samples=2000, minimum_s=seconds, maximum_s=2 * seconds
    )
    ways = [(watch, [_job(network, sampling) for network in some]) for watch, some in groups]
    rounds_of: dict[str, list[Outcome]] = {job.entry.id: [] for _, jobs in ways for job in jobs}
    device_s = waited_s = 0.0
    with progress.stage("whole networks", rounds * len(rounds_of)) as stage:
        for number in range(rounds + _EXTRA_ROUNDS):
            for watch, jobs in ways:
                # Extra rounds are of those only that were disturbed.
                wanted = [
                    job
                    for job in jobs
                    if number < rounds or _lacks(rounds_of[job.entry.id], rounds)
                ]
                if not wanted:
                    continue
                batch = watch.run(wanted)
                device_s += batch.device_s
                waited_s += batch.waited_s
                _count(batch.outcomes, rounds_of)
                if batch.trouble:
                    stage.note(f"{batch.trouble}; they are measured once more")
                stage.advance(len(wanted) if number < rounds else 0)
    return _believed(rounds_of, device_s, waited_s)


def _count(outcomes: Sequence[Outcome], rounds_of: dict[str, list[Outcome]]) -> None:
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
        rounds_of[outcome.id].append(outcome)


def _believed(
    rounds_of: Mapping[str, Sequence[Outcome]], device_s: float, waited_s: float
) -> MeasuredNetworks:
    """What was not disturbed, or all of it where nothing else is."""
    believed = {name: _undisturbed(done) or done for name, done in rounds_of.items()}
    return MeasuredNetworks(
        measurements={
            name: Measurement.pooled([outcome.measurements[0] for outcome in done])
            for name, done in believed.items()
        },
        references_ms={
            name: mean(each for outcome in done for each in outcome.references_ms)
            for name, done in believed.items()
        },
        device_s=device_s,
        waited_s=waited_s,
    )


def _undisturbed(done: Sequence[Outcome]) -> list[Outcome]:
    return [outcome for outcome in done if not outcome.disturbed]


def _lacks(done: Sequence[Outcome], rounds: int) -> bool:
    return len(_undisturbed(done)) < rounds


def _job(network: OptimizedNetwork, sampling: Sampling) -> Job:
    shapes = list(network.graph.feeds.values())
    return model_job(network.name, network.file, shapes, (sampling,))
