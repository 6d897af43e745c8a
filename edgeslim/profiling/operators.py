"""Measurement of operators in groups, each in passes some seconds apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import mean

import msgspec

from edgeslim.conversion.operator_jobs import operator_jobs
from edgeslim.durations import now
from edgeslim.errors import EdgeslimError
from edgeslim.files import temporary_folder
from edgeslim.latency_table import FailedRow, LatencyTable, OperatorRow
from edgeslim.measurement import Measurement
from edgeslim.measuring.agreement import Pass, has_agreement, select_passes
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.measuring.drift import DriftWatch
from edgeslim.opspec import OpSpec
from edgeslim.profiling.profile_plan import ProfilePlan
from edgeslim.progress import SILENT, Progress, Stage
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Sampling

__all__ = ["OperatorCounts", "measure_operators", "operator_states"]

_PASSES = 2
_PASSES_AT_MOST = 5
"""Most passes for a drift watch that waits for quiet moments."""

_MB = 2**20
_HOT = Sampling(maximum_samples=100, minimum_s=0.01)
_COLD = Sampling(
    warmup=1,
    minimum_samples=5,
    maximum_samples=12,
    minimum_s=0.0,
    relative_error=0.015,
)


@dataclass(slots=True)
class OperatorCounts:
    """Counts and times of measuring operators.

    Args:
        measured: Number of operators that were measured now.
        failed: Operators that could not be measured, with the reason.
        device_s: Seconds that the runner spent in runs, warm-up and cache sweeps.
        waited_s: Seconds that it waited for a disturbed device.
    """

    measured: int = 0
    failed: dict[OpSpec, str] = field(default_factory=dict)
    device_s: float = 0.0
    waited_s: float = 0.0


def operator_states(
    swept_mb: Iterable[int], *, longest_s: float = 0.2, core_time: bool = False
) -> tuple[Sampling, ...]:
    """Sampling of an operator in each cache state.

    Args:
        swept_mb: MB that are swept before each run, of each state.
        longest_s: Seconds that it is timed at most in each state, and a quarter more where memory
            is swept before each run.
        core_time: Whether runs that others interrupt count with the time that they had a core.
    """
    hot = msgspec.structs.replace(_HOT, maximum_s=longest_s, core_time=core_time)
    cold = msgspec.structs.replace(_COLD, maximum_s=1.25 * longest_s, core_time=core_time)
    return tuple(
        msgspec.structs.replace(cold, swept_bytes=megabytes * _MB) if megabytes else hot
        for megabytes in swept_mb
    )


def measure_operators(
    session: DeviceSession,
    watch: DriftWatch,
    table: LatencyTable,
    plan: ProfilePlan,
    *,
    progress: Progress = SILENT,
) -> OperatorCounts:
    """Adds the operators of a plan to a table; each group is written when it is done.

    Args:
        session: The device that is measured.
        watch: Drift watch of that device.
        table: Table of that device.
        plan: Operators to measure, group by group.
        progress: Display that shows the progress.
    """
    counts = OperatorCounts(
        failed={spec: table.failures[spec] for spec in plan.operators if spec in table.failures}
    )
    with progress.stage("operators", plan.size(table)) as stage:
        for group in plan.groups(table):
            table.add(session.conditions())
            with temporary_folder() as folder:
                made = operator_jobs(
                    group,
                    session.execution.target,
                    folder,
                    states=operator_states(
                        session.profile.swept_mb,
                        longest_s=session.profile.operator_s,
                        core_time=session.has_core_time,
                    ),
                    place=session.place(),
                )
                jobs = {s: job for s, job in zip(group, made, strict=True) if isinstance(job, Job)}
                measuring = _Group(watch, jobs, stage)
                measuring.measure()
            failed = {
                spec: str(job)
                for spec, job in zip(group, made, strict=True)
                if isinstance(job, EdgeslimError)
            }
            stage.advance(len(failed))
            _write_rows(table, measuring.passes, {**failed, **measuring.failed}, counts)
            counts.device_s += measuring.device_s
            counts.waited_s += measuring.waited_s
    if counts.measured:
        table.add(session.conditions())
    return counts


class _Group:
    """Operators that are timed in the same passes."""

    def __init__(self, watch: DriftWatch, jobs: dict[OpSpec, Job], stage: Stage) -> None:
        self._watch = watch
        self._jobs = jobs
        self._stage = stage
        self.passes: dict[OpSpec, list[Pass]] = {spec: [] for spec in jobs}
        self.failed: dict[OpSpec, str] = {}
        self.device_s = 0.0
        self.waited_s = 0.0

    def measure(self) -> None:
        """Makes two passes over all operators, and more over disturbed or disagreeing ones."""
        waiting = list(self._jobs)
        half = len(self._jobs) / 2
        for number in range(_PASSES_AT_MOST):
            if not waiting or (number >= _PASSES and not self._watch.is_patient):
                break
            self._run_pass(waiting)
            waiting = [spec for spec in waiting if spec not in self.failed]
            if number > 0:
                waiting = [spec for spec in waiting if not self._is_settled(spec)]
            else:
                self._stage.advance(half)
        self._stage.advance(half)

    def _run_pass(self, waiting: Sequence[OpSpec]) -> None:
        """Times some operators once."""
        batch = self._watch.run([self._jobs[spec] for spec in waiting])
        self.device_s += batch.device_s
        self.waited_s += batch.waited_s
        if batch.trouble:
            self._stage.note(batch.trouble + self._watch.retry_text)
        for spec, outcome in zip(waiting, batch.outcomes, strict=True):
            if outcome.error is not None:
                self.failed[spec] = str(outcome.error)
                continue
            self.passes[spec].append(
                Pass(
                    measurements=outcome.measurements,
                    reference_ms=mean(outcome.references_ms),
                    disturbed=outcome.disturbed,
                )
            )

    def _is_settled(self, spec: OpSpec) -> bool:
        pair = select_passes(self.passes[spec])
        return len(pair) > 1 and has_agreement(*pair) and not any(one.disturbed for one in pair)


def _write_rows(
    table: LatencyTable,
    passes: dict[OpSpec, list[Pass]],
    failed: dict[OpSpec, str],
    counts: OperatorCounts,
) -> None:
    measured = now()
    rows: list[OperatorRow | FailedRow] = [
        FailedRow(operator=spec, reason=reason, measured=measured)
        for spec, reason in failed.items()
    ]
    for spec, done in passes.items():
        if spec in failed:
            continue
        chosen = select_passes(done)
        rows.append(
            OperatorRow(
                operator=spec,
                measurements=tuple(
                    Measurement.pool(parts)
                    for parts in zip(*(one.measurements for one in chosen), strict=True)
                ),
                reference_ms=mean([one.reference_ms for one in chosen]),
                disturbed=next((one.disturbed for one in chosen if one.disturbed), ""),
                measured=measured,
            )
        )
        counts.measured += 1
    counts.failed.update(failed)
    table.add(*rows)
