"""Latencies of whole networks on a device, which every prediction is compared with."""

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
from edgeslim.latency_table import NetworkRow
from edgeslim.measurement import Measurement
from edgeslim.measuring.crashing_operators import CRASHES, name_crashing_operators
from edgeslim.measuring.drift import DriftWatch
from edgeslim.progress import SILENT, Progress
from edgeslim.runner.job import Job, Outcome
from edgeslim.runner.protocol import Sampling
from edgeslim.runs.deployment_records import ModelRound, RoundRecord

__all__ = [
    "MeasuredNetworks",
    "OptimizedNetwork",
    "join_networks",
    "measure_networks",
    "measure_side_by_side",
]

_EXTRA_ROUNDS = 3

_AGAIN = "~"
"""Suffix of the id of a network's second turn in a round."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OptimizedNetwork:
    """A network as the device runs it.

    Args:
        name: Short name, unique among networks that are measured together.
        file: The optimized model on disk.
        graph: The network's fused operators.
        inputs: NumPy files for its inputs by name; None for noise.
    """

    name: str
    file: OptimizedFile
    graph: Graph
    inputs: Mapping[str, Path] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredNetworks:
    """Measured latencies of networks.

    Args:
        measurements: Pooled samples of the rounds that count, by network.
        references_ms: Latency of the reference operator around them, by network.
        rounds_of: All rounds of each network, with the samples of both turns if it had two.
        rounds: All rounds in the order they ran.
        device_s: Seconds that the runner spent in runs and warm-up.
        waited_s: Seconds that it waited for a disturbed device.
    """

    measurements: Mapping[str, Measurement]
    references_ms: Mapping[str, float]
    rounds_of: Mapping[str, tuple[ModelRound, ...]] = field(default_factory=dict)
    rounds: tuple[RoundRecord, ...] = ()
    device_s: float = 0.0
    waited_s: float = 0.0

    def rows(self, networks: Sequence[OptimizedNetwork]) -> list[NetworkRow]:
        """Rows of a latency table for some networks."""
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
    seconds: float | None = None,
    progress: Progress = SILENT,
) -> MeasuredNetworks:
    """Times networks in several rounds, one after the other in each, and pools the samples.

    Rounds in which the device was disturbed are left out, as long as others remain. With one
    thread, a run that other programs interrupt counts with the time that it had a core.

    Args:
        watch: Drift watch of the device.
        networks: Networks with different names.
        rounds: How often each is timed, the others in between.
        seconds: Time for each network in each round; by default what the device's profile says.
        progress: Display that shows the progress.

    Raises:
        RunnerError, ProgramError: A network does not run.
    """
    return measure_side_by_side(
        [(watch, networks)],
        rounds=rounds,
        seconds=seconds,
        core_time=watch.session.has_core_time,
        progress=progress,
    )


def measure_side_by_side(
    groups: Sequence[tuple[DriftWatch, Sequence[OptimizedNetwork]]],
    *,
    rounds: int = 3,
    seconds: float | None = None,
    paired: bool = False,
    core_time: bool = False,
    progress: Progress = SILENT,
) -> MeasuredNetworks:
    """As `measure_networks`, for groups of networks with different numbers of threads.

    Each round has all groups, so that slow changes of the device affect them alike, and in each
    round a group has a process of its own: where memory lies in a process makes the same kernels
    up to 3 % slower or faster, so that rounds in one process would all repeat the same error.

    Args:
        groups: Drift watches of one device with different threads, each with the networks that
            run so; no name comes twice.
        rounds: How often each network is timed.
        seconds: Time for each network in each round; by default what the devices' profiles say.
        paired: Whether each round is a fair comparison by itself: the networks run in both orders
            (A B B A, and B A A B in the next round), which cancels whatever changes evenly
            meanwhile, and extra rounds are of all networks. Otherwise networks run in order, and
            extra rounds are only of those that were disturbed.
        core_time: Whether runs that others interrupt count with the time that they had a core.
        progress: Display that shows the progress.

    Raises:
        RunnerError, ProgramError: A network does not run.
    """
    turns = 2 if paired else 1
    if seconds is None:
        seconds = max(watch.session.profile.network_s for watch, _ in groups)
    sampling = Sampling(
        minimum_samples=8 // turns,
        maximum_samples=2000,
        minimum_s=seconds / turns,
        maximum_s=2 * seconds / turns,
        core_time=core_time,
    )
    groups_of_jobs = [
        (watch, [_job(network, sampling) for network in some]) for watch, some in groups
    ]
    seen = _RoundResults({network.name: network.graph for _, some in groups for network in some})
    extra = max(_EXTRA_ROUNDS, rounds // 4 if paired else 0)
    extra *= all(watch.is_patient for watch, _ in groups)
    with progress.stage("whole networks", rounds * len(seen.rounds_of)) as stage:
        for number in range(rounds + extra):
            jobs_of_next_round = seen.jobs_of_next_round(groups_of_jobs, rounds, whole=paired)
            if not jobs_of_next_round or (paired and number >= rounds and seen.is_never_quiet):
                break
            if paired and number % 2:
                jobs_of_next_round = [
                    (watch, jobs[::-1]) for watch, jobs in reversed(jobs_of_next_round)
                ]
            for trouble in seen.run(number, jobs_of_next_round, in_both_orders=paired):
                stage.note(trouble)
            if number < rounds:
                stage.advance(len(seen.rounds_of))
    return seen.pool()


_Groups = Sequence[tuple[DriftWatch, Sequence[Job]]]


class _RoundResults:
    """Collects the results of rounds, for networks with given graphs."""

    def __init__(self, graphs: Mapping[str, Graph]) -> None:
        self._graphs = graphs
        self.rounds_of: dict[str, list[ModelRound]] = {name: [] for name in graphs}
        self._rounds: list[RoundRecord] = []
        self._device_s = self._waited_s = 0.0
        self._began = time.monotonic()

    def jobs_of_next_round(
        self, groups_of_jobs: _Groups, rounds: int, *, whole: bool
    ) -> list[tuple[DriftWatch, list[Job]]]:
        """Jobs of the next round: all, or those that lack undisturbed rounds; none at the end."""
        lacking = {
            name for name, done in self.rounds_of.items() if len(_undisturbed_rounds(done)) < rounds
        }
        chosen = self.rounds_of.keys() if whole and lacking else lacking
        some = [
            (watch, [job for job in jobs if job.entry.id in chosen])
            for watch, jobs in groups_of_jobs
        ]
        return [(watch, jobs) for watch, jobs in some if jobs]

    @property
    def is_never_quiet(self) -> bool:
        """Whether every round was disturbed, so that another one would be too."""
        return not any(_undisturbed_rounds(done) for done in self.rounds_of.values())

    def run(self, number: int, jobs_of_next_round: _Groups, *, in_both_orders: bool) -> list[str]:
        """Runs a round; returns what disturbed it, for people."""
        start_s = time.monotonic() - self._began
        order: list[str] = []
        troubles: list[str] = []
        state = None
        for watch, jobs in jobs_of_next_round:
            turns = (
                [*jobs, *(_second_turn(job) for job in reversed(jobs))] if in_both_orders else jobs
            )
            batch = watch.run(turns)
            order += [job.entry.id.removesuffix(_AGAIN) for job in turns]
            state = batch.state
            self._device_s += batch.device_s
            self._waited_s += batch.waited_s
            self._add_outcomes(number, watch, batch.outcomes)
            troubles += [batch.trouble + watch.retry_text] if batch.trouble else []
        self._rounds.append(
            RoundRecord(
                number=number,
                start_s=start_s,
                end_s=time.monotonic() - self._began,
                order=tuple(order),
                state=state,
            )
        )
        return troubles

    def _add_outcomes(self, number: int, watch: DriftWatch, outcomes: Sequence[Outcome]) -> None:
        turns: dict[str, list[Outcome]] = {}
        for outcome in outcomes:
            name = outcome.id.removesuffix(_AGAIN)
            if isinstance(outcome.error, CRASHES) and watch.session.reference is None:
                raise name_crashing_operators(outcome.error, watch.session, self._graphs[name])
            if outcome.error is not None:
                raise outcome.error
            turns.setdefault(name, []).append(outcome)
        for name, done in turns.items():
            pooled = Measurement.pool([turn.measurements[0] for turn in done])
            self.rounds_of[name].append(
                ModelRound(
                    round=number,
                    samples_ns=pooled.samples_ns,
                    warmup=pooled.warmup,
                    reference_ms=mean(ms for turn in done for ms in turn.references_ms),
                    disturbed=next((turn.disturbed for turn in done if turn.disturbed), ""),
                    # Only the first turn finds a process that has not loaded the model yet.
                    load_ms=done[0].load_ms,
                    first_run_ms=done[0].first_run_ms,
                    memory_mb=done[0].memory_mb,
                    interrupted=_interrupted_places(done),
                )
            )

    def pool(self) -> MeasuredNetworks:
        """Pools the undisturbed rounds of each network, or all where there is no such round."""
        return _pool(self.rounds_of, self._rounds, self._device_s, self._waited_s)


def join_networks(first: MeasuredNetworks, second: MeasuredNetworks) -> MeasuredNetworks:
    """Two measurements one after the other; networks that only the first has keep its rounds."""
    number = 1 + max((own.number for own in first.rounds), default=-1)
    end_s = max((own.end_s for own in first.rounds), default=0.0)
    rounds = [
        msgspec.structs.replace(
            own,
            number=number + own.number,
            start_s=end_s + own.start_s,
            end_s=end_s + own.end_s,
        )
        for own in second.rounds
    ]
    rounds_of = {name: list(done) for name, done in first.rounds_of.items()}
    for name, done in second.rounds_of.items():
        rounds_of.setdefault(name, []).extend(
            msgspec.structs.replace(own, round=number + own.round) for own in done
        )
    return _pool(
        *(rounds_of, [*first.rounds, *rounds]),
        *(first.device_s + second.device_s, first.waited_s + second.waited_s),
    )


def _pool(
    rounds_of: Mapping[str, Sequence[ModelRound]],
    rounds: Sequence[RoundRecord],
    device_s: float,
    waited_s: float,
) -> MeasuredNetworks:
    counted = {name: _undisturbed_rounds(done) or done for name, done in rounds_of.items()}
    return MeasuredNetworks(
        measurements={
            name: Measurement.pool([timed.measurement for timed in done])
            for name, done in counted.items()
        },
        references_ms={
            name: mean(timed.reference_ms for timed in done) for name, done in counted.items()
        },
        rounds_of={name: tuple(done) for name, done in rounds_of.items()},
        rounds=tuple(rounds),
        device_s=device_s,
        waited_s=waited_s,
    )


def _undisturbed_rounds(done: Sequence[ModelRound]) -> list[ModelRound]:
    return [timed for timed in done if not timed.disturbed]


def _interrupted_places(turns: Sequence[Outcome]) -> tuple[int, ...]:
    """Places of interrupted samples among those of all turns together."""
    places: list[int] = []
    before = 0
    for turn in turns:
        places += [before + place for some in turn.interrupted[:1] for place in some]
        before += len(turn.measurements[0].samples_ns)
    return tuple(places)


def _second_turn(job: Job) -> Job:
    """The job for a network's second turn in a round."""
    return replace(job, entry=msgspec.structs.replace(job.entry, id=f"{job.entry.id}{_AGAIN}"))


def _job(network: OptimizedNetwork, sampling: Sampling) -> Job:
    return model_job(network.name, network.file, network.graph, (sampling,), network.inputs)
