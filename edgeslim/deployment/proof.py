"""The whole record of a deployment: speed-ups, gates, accuracy, warnings and reasons with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgeslim.deployment.deployed import Deployed
from edgeslim.deployment.gates import Gates, judged
from edgeslim.deployment.origins import accuracy_of
from edgeslim.deployment.reasons import reasons_of
from edgeslim.deployment.recording import (
    device_record,
    failed_records,
    inputs_record,
    model_record,
    new_id,
    round_records,
    table_record,
    versions_record,
)
from edgeslim.deployment.request import Request
from edgeslim.deployment.speedup import latency_interval_ms, speedup_of
from edgeslim.deployment.subjects import Subject
from edgeslim.errors import BadFileError
from edgeslim.files import from_home
from edgeslim.latency_rows import ConditionsRow
from edgeslim.latency_table import LatencyTable
from edgeslim.measurement import HOT
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.measuring.networks import MeasuredNetworks
from edgeslim.runs.deployment_records import (
    AccuracyRecord,
    DeploymentRecord,
    ModelRecord,
    SpeedupRecord,
)

__all__ = ["Found", "deployment_record"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a deployment gave.

    Args:
        subjects: The model, and the baseline if there is one.
        models, baselines: The ways of each, as they were measured.
        measured: All rounds.
        table: What predicted.
        states: Of the device, before and after.
        created: When measuring began, UTC.
        warnings: So far.
    """

    subjects: Sequence[Subject]
    models: tuple[Deployed, ...]
    baselines: tuple[Deployed, ...]
    measured: MeasuredNetworks
    table: LatencyTable | None
    states: tuple[ConditionsRow, ConditionsRow]
    created: str
    warnings: tuple[str, ...]


def deployment_record(
    session: DeviceSession,
    request: Request,
    found: Found,
    gates: Gates,
    command: tuple[str, ...],
) -> DeploymentRecord:
    """The record of a deployment that is done."""
    model, *others = found.subjects
    pairs = [(model, each) for each in found.models]
    pairs += [(other, each) for other in others for each in found.baselines]
    models = tuple(
        _with_interval(model_record(subject, each, found.measured.rounds_of[each.id], found.table))
        for subject, each in pairs
    )
    mine = models[: len(found.models)]
    speedups = _speedups(mine, models[len(mine) :])
    passed = judged(gates, mine, speedups)
    doubts = tuple(
        each.line for each in passed if each.met and _in_doubt(each.interval, each.limit)
    )
    accuracy, unread = _accuracy(request)
    record = DeploymentRecord(
        id=new_id(),
        created=found.created,
        command=command,
        directory=from_home(Path.cwd()),
        model_path=request.path,
        folder=str(request.folder),
        versions=versions_record(session),
        device=device_record(session),
        power_mode=session.execution.power_mode,
        rounds=round_records(found.measured),
        models=models,
        cache=found.models[0].measurement.cache if found.models[0].measurement else HOT,
        state_before=found.states[0],
        state_after=found.states[1],
        table=None if found.table is None else table_record(found.table, found.created),
        speedups=speedups,
        inputs=inputs_record(model.model.given),
        accuracy=accuracy,
        gates=passed,
        failed=failed_records(found.subjects),
        warnings=(*found.warnings, *doubts, *unread),
    )
    return msgspec.structs.replace(record, reasons=tuple(each.line for each in reasons_of(record)))


def _accuracy(request: Request) -> tuple[AccuracyRecord | None, tuple[str, ...]]:
    """What the run says of it; and what is wrong with that, which is no reason to lose the rest."""
    if request.run is None:
        return None, ()
    try:
        return accuracy_of(request.run), ()
    except BadFileError as error:
        return None, (f"nothing is known of the accuracy: {error}",)


def _with_interval(model: ModelRecord) -> ModelRecord:
    return msgspec.structs.replace(model, latency_interval_ms=latency_interval_ms(model))


def _speedups(
    models: Sequence[ModelRecord], baselines: Sequence[ModelRecord]
) -> tuple[SpeedupRecord, ...]:
    """Of each model against the baseline with as many threads."""
    found = (
        speedup_of(model, baseline)
        for model in models
        for baseline in baselines
        if baseline.threads == model.threads
    )
    return tuple(each for each in found if each is not None)


def _in_doubt(interval: tuple[float, float] | None, limit: float) -> bool:
    return interval is not None and interval[0] <= limit <= interval[1]
