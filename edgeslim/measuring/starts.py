"""How models start on a device: processes that load a file and run once, as an app does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from edgeslim.conversion.operator_jobs import model_job, null_operator, operator_jobs
from edgeslim.errors import EdgeslimError, ProgramError, RunnerError
from edgeslim.files import temporary_folder
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.measuring.networks import OptimizedNetwork
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job, Outcome
from edgeslim.runner.protocol import Entry
from edgeslim.runs.start_records import AloneRecord, StartRecord, StartsRecord
from edgeslim.sizes import MB_OF_KIB

__all__ = ["MeasuredSoak", "MeasuredStarts", "join_starts", "measure_soak", "measure_starts"]

_WARM, _COLD = "warm", "cold"

_SOAK_S = 60.0
_TIMES_LATENCY = 20.0
"""How many times as long as usual a run of a soak may take, its new inputs included."""
_LEAST_RUN_S = 0.02

_TOO_OLD = (
    "the runner on the device was built before starts and memory were measured; build it again "
    "with edgeslim runner build"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredStarts:
    """How networks start.

    Args:
        starts: The starts of each network, by its name; it lacks those that did not start.
        troubles: Why it lacks them, as sentences.
    """

    starts: dict[str, StartsRecord]
    troubles: tuple[str, ...] = ()


def measure_starts(
    session: DeviceSession, networks: Sequence[OptimizedNetwork], *, times: int
) -> MeasuredStarts:
    """Starts networks in turns, warm and cold, and the runtime alone between them.

    Args:
        session: The device, with the engine and the threads that they run with.
        networks: Networks with different names.
        times: How often each starts warm, and as often cold.

    Raises:
        LinkError: The device was lost for good.
    """
    with temporary_folder() as scratch:
        empty = _empty_job(session, scratch)
        jobs: list[Job] = []
        for number in range(times):
            jobs += [_starting(empty, _WARM, number)] if empty is not None else []
            for network in networks:
                job = model_job(network.name, network.file, network.graph, (), network.inputs)
                jobs += [_starting(job, kind, number) for kind in (_WARM, _COLD)]
        try:
            outcomes = {outcome.id: outcome for outcome in run_batch(session.runner, jobs)}
        except (ProgramError, RunnerError) as error:
            # They have run there before: what is timed is worth having without their starts.
            return MeasuredStarts(
                starts={}, troubles=(f"nothing is known of how models start: {error}",)
            )
    alone: list[AloneRecord] = []
    if empty is not None:
        ends = [outcomes[_id(empty.entry.id, _WARM, number)] for number in range(times)]
        alone = [one for end in ends if (one := _alone(end)) is not None]
    starts: dict[str, StartsRecord] = {}
    troubles: list[str] = []
    for network in networks:
        pairs = [
            (kind == _COLD, outcomes[_id(network.name, kind, number)])
            for number in range(times)
            for kind in (_WARM, _COLD)
        ]
        found = _starts(pairs, alone)
        if isinstance(found, str):
            troubles.append(f"nothing is known of how {network.name} starts: {found}")
        else:
            starts[network.name] = found
    return MeasuredStarts(starts=starts, troubles=tuple(troubles))


def join_starts(first: MeasuredStarts, second: MeasuredStarts) -> MeasuredStarts:
    """The starts of two measurements of the same networks together."""
    starts = dict(first.starts)
    for name, more in second.starts.items():
        if name in starts:
            own = starts[name]
            starts[name] = msgspec.structs.replace(
                own,
                starts=(*own.starts, *more.starts),
                alone=(*own.alone, *more.alone),
                kept=own.kept or more.kept,
            )
    return MeasuredStarts(starts=starts, troubles=(*first.troubles, *second.troubles))


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredSoak:
    """The memory of a process over many runs of a network.

    Args:
        runs: Number of runs that were made after the first.
        sizes_kb: Memory of the process, read evenly over the runs; empty if it is not known.
        first_peak_kb: Largest memory until the first run was over.
        peak_kb: Largest memory until the end.
    """

    runs: int
    sizes_kb: tuple[int, ...]
    first_peak_kb: int
    peak_kb: int


def measure_soak(
    session: DeviceSession, network: OptimizedNetwork, *, runs: int, latency_ms: float
) -> MeasuredSoak:
    """Runs a network many times in one process, each time with other inputs.

    Args:
        session: The device, with the engine and the threads that it runs with.
        network: The network, whose inputs are those that it is timed with.
        runs: Number of runs after the first.
        latency_ms: Its usual latency, by which the time is limited.

    Raises:
        RunnerError, ProgramError: It does not run so often, or the runner is too old for it.
        LinkError: The device was lost for good.
    """
    job = model_job(network.name, network.file, network.graph, (), network.inputs)
    limit_s = _SOAK_S + runs * max(_LEAST_RUN_S, _TIMES_LATENCY * latency_ms / 1e3)
    entry = msgspec.structs.replace(job.entry, start=_WARM, soak=runs, timeout_s=limit_s)
    (outcome,) = run_batch(session.runner, [replace(job, entry=entry)])
    if outcome.error is not None:
        raise outcome.error
    found = outcome.start
    if found is None or not found.soak_runs:
        raise RunnerError(f"there is no soak of {network.name}: {_TOO_OLD}")
    return MeasuredSoak(
        runs=found.soak_runs,
        sizes_kb=found.soak_kb,
        first_peak_kb=found.peak_kb,
        peak_kb=found.soak_peak_kb,
    )


def _empty_job(session: DeviceSession, scratch: Path) -> Job | None:
    """The job of a process that has the runtime alone; None if there is no such job."""
    if session.reference is not None:  # of an engine that runs no files of Paddle-Lite
        nothing = Entry(
            id="runtime", model="", library_version="", kernel_targets=(), inputs=(), states=()
        )
        return Job(entry=nothing, files={})
    (made,) = operator_jobs(
        [null_operator()], session.execution.target, scratch, states=(), name="runtime"
    )
    return None if isinstance(made, EdgeslimError) else made


def _starting(job: Job, kind: str, number: int) -> Job:
    entry = msgspec.structs.replace(job.entry, id=_id(job.entry.id, kind, number), start=kind)
    return replace(job, entry=entry)


def _id(name: str, kind: str, number: int) -> str:
    return f"{name}~{kind}{number}"


def _alone(outcome: Outcome) -> AloneRecord | None:
    found = outcome.start
    if found is None or not found.peak_kb:
        return None
    return AloneRecord(own_mb=found.own_kb * MB_OF_KIB, peak_mb=found.peak_kb * MB_OF_KIB)


def _starts(
    pairs: Sequence[tuple[bool, Outcome]], alone: Sequence[AloneRecord]
) -> StartsRecord | str:
    """The record of a network's starts, asked to be cold or not; or why there is none."""
    starts: list[StartRecord] = []
    kept = ""
    for is_cold, outcome in pairs:
        found = outcome.start
        if found is None:
            return str(outcome.error)
        if not outcome.load_ms:
            return _TOO_OLD
        if is_cold and found.kept:
            kept = found.kept
            continue
        starts.append(
            StartRecord(
                cold=is_cold,
                load_ms=outcome.load_ms,
                first_run_ms=outcome.first_run_ms,
                waited_ms=found.waited_ms,
                own_mb=found.own_kb * MB_OF_KIB,
                loaded_mb=found.loaded_kb * MB_OF_KIB,
                ran_mb=found.ran_kb * MB_OF_KIB,
                peak_mb=found.peak_kb * MB_OF_KIB,
            )
        )
    return StartsRecord(starts=tuple(starts), alone=tuple(alone), kept=kept)
