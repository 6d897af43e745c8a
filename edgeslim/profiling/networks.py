"""Whole networks measured on the device: the judge of every prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeslim.conversion.operator_jobs import model_job
from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.graph import Graph
from edgeslim.measurement import Measurement
from edgeslim.profiling.drift import DriftWatch, WatchedBatch
from edgeslim.progress import SILENT, Progress
from edgeslim.runner.batch import Job
from edgeslim.runner.protocol import Sampling

__all__ = ["MeasuredNetworks", "OptimizedNetwork", "measure_networks"]

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
        reference_ms: What the reference operator took meanwhile.
        device_s: Time the runner spent in runs and warm-up.
    """

    measurements: Mapping[str, Measurement]
    reference_ms: float
    device_s: float


def measure_networks(
    watch: DriftWatch,
    networks: Sequence[OptimizedNetwork],
    *,
    rounds: int = 3,
    seconds: float = 0.5,
    progress: Progress = SILENT,
) -> MeasuredNetworks:
    """Times networks in several rounds, one after the other in each, and pools the samples.

    Rounds in which the device changed its speed are left out, as long as others remain.

    Args:
        watch: Of the device.
        networks: Their names differ.
        rounds: How often each is timed, the others in between.
        seconds: Time for each network and round.
        progress: Where to show it.

    Raises:
        RunnerError, ProgramError: A network does not run.
    """
    sampling = Sampling(
        minimum_samples=8, maximum_samples=2000, minimum_s=seconds, maximum_s=2 * seconds
    )
    jobs = [_job(network, sampling) for network in networks]
    if not jobs:
        return MeasuredNetworks(measurements={}, reference_ms=0.0, device_s=0.0)
    good: list[WatchedBatch] = []
    bad: list[WatchedBatch] = []
    with progress.stage("whole networks", rounds * len(jobs)) as stage:
        while len(good) < rounds and len(bad) < rounds + _EXTRA_ROUNDS:
            batch = watch.run(jobs)
            for outcome in batch.outcomes:
                if outcome.error is not None:
                    raise outcome.error
            if batch.trouble:
                stage.note(f"{batch.trouble}; a round will be repeated")
                bad.append(batch)
                continue
            good.append(batch)
            stage.advance(len(jobs))
    believed = good or bad
    return MeasuredNetworks(
        measurements={
            network.name: Measurement.pooled(
                [batch.outcomes[index].measurements[0] for batch in believed]
            )
            for index, network in enumerate(networks)
        },
        reference_ms=_mean([batch.reference_ms for batch in believed]),
        device_s=sum(batch.device_s for batch in (*good, *bad)),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _job(network: OptimizedNetwork, sampling: Sampling) -> Job:
    shapes = list(network.graph.feeds.values())
    return model_job(network.name, network.file, shapes, (sampling,))
