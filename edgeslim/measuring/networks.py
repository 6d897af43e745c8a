"""Whole networks measured on the device: the judge of every prediction."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean

import msgspec

from edgeslim.conversion.operator_jobs import model_job
from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.durations import now
from edgeslim.graph import Graph
from edgeslim.latency_rows import ConditionsRow
from edgeslim.latency_table import NetworkRow
from edgeslim.measurement import Measurement
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.ending_operators import ENDINGS, named_on_device
from edgeslim.progress import SILENT, Progress
from edgeslim.runner.job import Job, Outcome
from edgeslim.runner.protocol import Sampling

__all__ = [
    "MeasuredNetworks",
    "NetworkRound",
    "OptimizedNetwork",
    "Round",
    "measure_networks",
    "measure_side_by_side",
]

_EXTRA_ROUNDS = 3

_AGAIN = "~"
"""Ends the id of a network's second turn in a round."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OptimizedNetwork:
    """A network as the device gets it.

    Args:
        name: Short name.
        file: The optimized model.
        graph: Its fused operators.
        inputs: Files of NumPy's for its inputs by name; without them they are noise.
    """

    name: str
    file: OptimizedFile
    graph: Graph
    inputs: Mapping[str, Path] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkRound:
    """What the device took for one network in one round.

    Args:
        number: Of the round, from 0.
        measurement: Its samples, of both turns if it had two.
        reference_ms: What the reference operator took around them.
        disturbed: What disturbed the device meanwhile, or nothing.
    """

    number: int
    measurement: Measurement
    reference_ms: float
    disturbed: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """One round: networks one after the other, each group in a process of its own.

    Args:
        number: From 0.
        start_s: When it began, from the start of the first.
        end_s: When it was over.
        order: Names of the networks, as they ran.
        state: What the device said of itself right after it.
    """

    number: int
    start_s: float
    end_s: float
    order: tuple[str, ...]
    state: ConditionsRow | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredNetworks:
    """What the device took.

    Args:
        measurements: By network, all rounds that are believed together.
        references_ms: What the reference operator took around each of them.
        rounds_of: By network, all its rounds, believed or not.
        rounds: All rounds.
        device_s: Time the runner spent in runs and warm-up.
        waited_s: Time it waited for a disturbed device.
    """

    measurements: Mapping[str, Measurement]
    references_ms: Mapping[str, float]
    rounds_of: Mapping[str, tuple[NetworkRound, ...]] = field(default_factory=dict)
    rounds: tuple[Round, ...] = ()
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
    paired: bool = False,
    progress: Progress = SILENT,
) -> MeasuredNetworks:
    """As `measure_networks`, for networks that run in several ways on one device.

    Each round is of all groups, so that what changes slowly meets all of them alike, and in each
    a group has a process of its own: where memory lies in a process makes the same kernels up to
    3 % slower or faster, so that rounds in one process would all repeat the same error.

    Args:
        groups: Ways to run on the device, such as with one thread and with two, and the networks
            that run so; no name comes twice.
        rounds: How often each is timed.
        seconds: Time for each network and round.
        paired: Whether each round is a fair comparison by itself: the networks run there and
            back (A B B A, and B A A B in the next round), which takes out whatever changes
            evenly meanwhile, and extra rounds are of all of them. Otherwise networks run in
            order, and extra rounds are of those alone that were disturbed.
        progress: Where to show it.

    Raises:
        RunnerError, ProgramError: A network does not run.
    """
    turns = 2 if paired else 1
    sampling = Sampling(
        minimum_samples=8 // turns,
        maximum_samples=2000,
        minimum_s=seconds / turns,
        maximum_s=2 * seconds / turns,
    )
    ways = [(watch, [_job(network, sampling) for network in some]) for watch, some in groups]
    seen = _Seen({network.name: network.graph for _, some in groups for network in some})
    extra = max(_EXTRA_ROUNDS, rounds // 4 if paired else 0)
    extra *= all(watch.is_patient for watch, _ in groups)
    with progress.stage("whole networks", rounds * len(seen.rounds_of)) as stage:
        for number in range(rounds + extra):
            wanted = seen.wanted(ways, rounds, whole=paired)
            if not wanted or (paired and number >= rounds and seen.never_quiet):
                break
            if paired and number % 2:
                wanted = [(watch, jobs[::-1]) for watch, jobs in reversed(wanted)]
            for trouble in seen.run(number, wanted, there_and_back=paired):
                stage.note(trouble)
            if number < rounds:
                stage.advance(len(seen.rounds_of))
    return seen.believed()


_Ways = Sequence[tuple[DriftWatch, Sequence[Job]]]


class _Seen:
    """What rounds gave so far, of networks with these graphs."""

    def __init__(self, graphs: Mapping[str, Graph]) -> None:
        self._graphs = graphs
        self.rounds_of: dict[str, list[NetworkRound]] = {name: [] for name in graphs}
        self._rounds: list[Round] = []
        self._device_s = self._waited_s = 0.0
        self._began = time.monotonic()

    def wanted(
        self, ways: _Ways, rounds: int, *, whole: bool
    ) -> list[tuple[DriftWatch, list[Job]]]:
        """What the next round is of: all, or what lacks undisturbed rounds; nothing at the end."""
        lacking = {
            name for name, done in self.rounds_of.items() if len(_undisturbed(done)) < rounds
        }
        chosen = self.rounds_of.keys() if whole and lacking else lacking
        some = [(watch, [job for job in jobs if job.entry.id in chosen]) for watch, jobs in ways]
        return [(watch, jobs) for watch, jobs in some if jobs]

    @property
    def never_quiet(self) -> bool:
        """Whether every round was disturbed, so that another one would be too."""
        return not any(_undisturbed(done) for done in self.rounds_of.values())

    def run(self, number: int, wanted: _Ways, *, there_and_back: bool) -> list[str]:
        """Runs a round; what disturbed it."""
        start_s = time.monotonic() - self._began
        order: list[str] = []
        troubles: list[str] = []
        state = None
        for watch, jobs in wanted:
            turns = [*jobs, *(_again(job) for job in reversed(jobs))] if there_and_back else jobs
            batch = watch.run(turns)
            order += [job.entry.id.removesuffix(_AGAIN) for job in turns]
            state = batch.state
            self._device_s += batch.device_s
            self._waited_s += batch.waited_s
            self._count(number, watch, batch.outcomes)
            troubles += [batch.trouble + watch.again] if batch.trouble else []
        self._rounds.append(
            Round(
                number=number,
                start_s=start_s,
                end_s=time.monotonic() - self._began,
                order=tuple(order),
                state=state,
            )
        )
        return troubles

    def _count(self, number: int, watch: DriftWatch, outcomes: Sequence[Outcome]) -> None:
        turns: dict[str, list[Outcome]] = {}
        for outcome in outcomes:
            name = outcome.id.removesuffix(_AGAIN)
            if isinstance(outcome.error, ENDINGS):
                raise named_on_device(outcome.error, watch.session, self._graphs[name])
            if outcome.error is not None:
                raise outcome.error
            turns.setdefault(name, []).append(outcome)
        for name, done in turns.items():
            self.rounds_of[name].append(
                NetworkRound(
                    number=number,
                    measurement=Measurement.pooled([each.measurements[0] for each in done]),
                    reference_ms=mean(ms for each in done for ms in each.references_ms),
                    disturbed=next((each.disturbed for each in done if each.disturbed), ""),
                )
            )

    def believed(self) -> MeasuredNetworks:
        """What was not disturbed, or all of it where nothing else is."""
        believed = {name: _undisturbed(done) or done for name, done in self.rounds_of.items()}
        return MeasuredNetworks(
            measurements={
                name: Measurement.pooled([each.measurement for each in done])
                for name, done in believed.items()
            },
            references_ms={
                name: mean(each.reference_ms for each in done) for name, done in believed.items()
            },
            rounds_of={name: tuple(done) for name, done in self.rounds_of.items()},
            rounds=tuple(self._rounds),
            device_s=self._device_s,
            waited_s=self._waited_s,
        )


def _undisturbed(done: Sequence[NetworkRound]) -> list[NetworkRound]:
    return [each for each in done if not each.disturbed]


def _again(job: Job) -> Job:
    """The same for its second turn of a round."""
    return replace(job, entry=msgspec.structs.replace(job.entry, id=f"{job.entry.id}{_AGAIN}"))


def _job(network: OptimizedNetwork, sampling: Sampling) -> Job:
    return model_job(network.name, network.file, network.graph, (sampling,), network.inputs)
