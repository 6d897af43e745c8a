"""Whole networks measured on the device: the judge of every prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeslim.conversion.operator_jobs import model_job
from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.graph import Graph
from edgeslim.measurement import Measurement
from edgeslim.profiling.drift import DriftWatch
from edgeslim.progress import SILENT, Progress
from edgeslim.runner.batch import Job
from edgeslim.runner.protocol import Sampling

__all__ = ["MeasuredNetworks", "OptimizedNetwork", "measure_networks"]

_ROUNDS = 3
_DRIFT = 1.05
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
    """Measurements by network, and time the device was busy."""

    measurements: Mapping[str, Measurement]
    device_s: float


def measure_networks(
    watch: DriftWatch,
    networks: Sequence[OptimizedNetwork],
    *,
    seconds: float = 0.5,
    progress: Progress = SILENT,
) -> MeasuredNetworks:
    """Times networks in several rounds, one after the other in each, and pools the samples.

    Rounds in which the device was slow are left out, as long as others remain.

    Args:
        watch: Of the device.
        networks: Their names differ.
        seconds: Time for each network and round.
        progress: Where to show it.

    Raises:
        RunnerError, ProgramError: A network does not run.
    """
    sampling = Sampling(
        minimum_samples=8, maximum_samples=2000, minimum_s=seconds, maximum_s=2 * seconds
    )
    jobs = [_job(network, sampling) for network in networks]
    good: list[list[Measurement]] = []
    slow: list[list[Measurement]] = []
    device_s = 0.0
    with progress.stage("whole networks", _ROUNDS * len(jobs)) as stage:
        while len(good) < _ROUNDS and len(slow) < _ROUNDS + _EXTRA_ROUNDS and jobs:
            batch = watch.run(jobs)
            device_s += batch.device_s
            for outcome in batch.outcomes:
                if outcome.error is not None:
                    raise outcome.error
            measured = [outcome.measurements[0] for outcome in batch.outcomes]
            if batch.drift > _DRIFT:
                stage.note(f"the device was {batch.drift - 1:.0%} slow; a round will be repeated")
                slow.append(measured)
                continue
            good.append(measured)
            stage.advance(len(jobs))
    rounds = good or slow
    return MeasuredNetworks(
        measurements={
            network.name: Measurement.pooled([measured[index] for measured in rounds])
            for index, network in enumerate(networks)
        },
        device_s=device_s,
    )


def _job(network: OptimizedNetwork, sampling: Sampling) -> Job:
    shapes = list(network.graph.feeds.values())
    return model_job(network.name, network.file, shapes, (sampling,))
