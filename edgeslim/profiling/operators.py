"""Operators measured in blocks, in random order, on a device that is watched for drift.

A block in which the device changed its speed is measured again later; after some tries it
is written down as it is, with what the reference operator took meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from edgeslim.conversion.operator_jobs import null_operator, operator_jobs
from edgeslim.errors import EdgeslimError
from edgeslim.files import temporary_folder
from edgeslim.latency_table import FailedRow, LatencyTable, OperatorRow
from edgeslim.opspec import OpSpec
from edgeslim.profiling.device_session import DeviceSession, now
from edgeslim.profiling.drift import DriftWatch, WatchedBatch
from edgeslim.progress import SILENT, Progress
from edgeslim.runner.batch import Job, Outcome
from edgeslim.runner.protocol import Sampling

__all__ = ["OperatorCounts", "measure_operators", "operator_states"]

_BLOCK = 32
_TRIES = 3
_MB = 2**20
_HOT = Sampling(maximum_samples=200, minimum_s=0.02, maximum_s=0.3)
_COLD = Sampling(
    warmup=1,
    minimum_samples=9,
    maximum_samples=24,
    minimum_s=0.0,
    maximum_s=0.4,
    relative_error=0.015,
)


@dataclass(slots=True)
class OperatorCounts:
    """What measuring operators came to.

    Args:
        measured: Operators measured now.
        failed: Operators that could not be, with the reason.
        device_s: Time the runner spent in runs, warm-up and cache sweeps.
    """

    measured: int = 0
    failed: dict[OpSpec, str] = field(default_factory=dict)
    device_s: float = 0.0


def operator_states(swept_mb: Iterable[int]) -> tuple[Sampling, ...]:
    """How an operator is timed in each cache state."""
    return tuple(
        msgspec.structs.replace(_COLD, swept_bytes=megabytes * _MB) if megabytes else _HOT
        for megabytes in swept_mb
    )


def measure_operators(
    session: DeviceSession,
    watch: DriftWatch,
    table: LatencyTable,
    specs: Iterable[OpSpec],
    *,
    seed: int = 0,
    progress: Progress = SILENT,
) -> OperatorCounts:
    """Adds to a table what it lacks of some operators; each block is on the disk when done.

    Args:
        session: The device.
        watch: Of that device.
        table: Table of that device.
        specs: Operators that are wanted, in any order and number.
        seed: Of the order they are measured in.
        progress: Where to show it.
    """
    wanted = dict.fromkeys([null_operator(), *specs])
    missing = [spec for spec in wanted if spec not in table and spec not in table.failed]
    counts = OperatorCounts(
        failed={spec: table.failed[spec] for spec in wanted if spec in table.failed}
    )
    order = np.random.default_rng(seed).permutation(len(missing))
    blocks = [[missing[i] for i in order[k : k + _BLOCK]] for k in range(0, len(order), _BLOCK)]
    queue = [(block, 1) for block in blocks]
    with progress.stage("operators", len(missing)) as stage:
        while queue:
            block, attempt = queue.pop(0)
            results, batch = _measure_block(session, watch, block)
            counts.device_s += batch.device_s
            if batch.trouble and attempt < _TRIES:
                stage.note(f"{batch.trouble}; a block will be repeated")
                queue.append((block, attempt + 1))
                continue
            _record(table, dict(zip(block, results, strict=True)), batch.reference_ms, counts)
            stage.advance(len(block))
    return counts


def _measure_block(
    session: DeviceSession, watch: DriftWatch, specs: Sequence[OpSpec]
) -> tuple[list[Outcome | EdgeslimError], WatchedBatch]:
    """One batch; what could not be converted is an error in its place."""
    states = operator_states(session.profile.swept_mb)
    with temporary_folder() as folder:
        made = operator_jobs(specs, session.execution.target, folder, states=states)
        batch = watch.run([job for job in made if isinstance(job, Job)])
    outcomes = iter(batch.outcomes)
    return [next(outcomes) if isinstance(job, Job) else job for job in made], batch


def _record(
    table: LatencyTable,
    results: dict[OpSpec, Outcome | EdgeslimError],
    reference_ms: float,
    counts: OperatorCounts,
) -> None:
    measured = now()
    rows: list[OperatorRow | FailedRow] = []
    for spec, result in results.items():
        if isinstance(result, Outcome) and result.error is None:
            counts.measured += 1
            rows.append(
                OperatorRow(
                    operator=spec,
                    measurements=result.measurements,
                    reference_ms=reference_ms,
                    measured=measured,
                )
            )
            continue
        reason = str(result.error if isinstance(result, Outcome) else result)
        counts.failed[spec] = reason
        rows.append(FailedRow(operator=spec, reason=reason, measured=measured))
    table.add(*rows)
