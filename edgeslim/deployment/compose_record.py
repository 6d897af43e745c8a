"""The whole record of a deployment: speed-ups, gates, accuracy, warnings and reasons with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from edgeslim.deployment.engine_choice import engine_ratios
from edgeslim.deployment.models_under_test import ModelUnderTest
from edgeslim.deployment.origins import accuracy_of
from edgeslim.deployment.reasons import reasons_of
from edgeslim.deployment.recording import (
    device_record,
    inputs_record,
    new_id,
    table_record,
    versions_record,
)
from edgeslim.deployment.request import ResolvedDeployment
from edgeslim.deployment.speedup import speedup_of
from edgeslim.errors import BadFileError
from edgeslim.latency_rows import ConditionsRow
from edgeslim.latency_table import LatencyTable
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.measuring.networks import MeasuredNetworks
from edgeslim.own_paths import hide_own_paths
from edgeslim.runs.deployment_records import (
    AccuracyRecord,
    DeploymentRecord,
    GateRecord,
    ModelRecord,
    ModelRole,
    SpeedupRecord,
)
from edgeslim.runs.device_accuracy import DeviceAccuracy
from edgeslim.runs.rewriting_record import RewritingRecord

__all__ = ["Found", "deployment_record", "speedups_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a deployment gave.

    Args:
        subjects: The model, and the baseline if there is one.
        models: Variants of both, as they were measured, those of the model first.
        measured: Samples of all rounds.
        table: Latency table that predicted, if any.
        states: State of the device before and after.
        created: When measuring began, UTC.
        warnings: Warnings that are known so far.
        evaluations: How right each variant is on the device, if that was asked for.
        gates: Its limits as they were judged while it was measured.
        rewriting: The form that was chosen for the model; None if that was not looked at.
    """

    subjects: Sequence[ModelUnderTest]
    models: tuple[ModelRecord, ...]
    measured: MeasuredNetworks
    table: LatencyTable | None
    states: tuple[ConditionsRow, ConditionsRow]
    created: str
    warnings: tuple[str, ...]
    gates: tuple[GateRecord, ...] = ()
    rewriting: RewritingRecord | None = None
    evaluations: tuple[DeviceAccuracy, ...] = ()


def deployment_record(
    session: DeviceSession,
    request: ResolvedDeployment,
    found: Found,
    command: tuple[str, ...],
) -> DeploymentRecord:
    """The record of a deployment that is done."""
    models = [model for model in found.models if model.role is ModelRole.MODEL]
    speedups = speedups_of(found.models)
    accuracy, unread = _accuracy(request)
    record = DeploymentRecord(
        id=new_id(),
        created=found.created,
        command=tuple(map(hide_own_paths, command)),
        model_path=hide_own_paths(request.path),
        folder=str(request.folder),
        versions=versions_record(session),
        device=device_record(session),
        power_mode=session.execution.power_mode,
        rounds=found.measured.rounds,
        models=found.models,
        cache=found.measured.measurements[found.models[0].id].cache,
        state_before=found.states[0],
        state_after=found.states[1],
        table=None if found.table is None else table_record(found.table, found.created),
        speedups=speedups,
        engine_ratios=engine_ratios(models),
        inputs=inputs_record(found.subjects[0].model.given),
        accuracy=accuracy,
        gates=found.gates,
        rewriting=found.rewriting,
        evaluations=found.evaluations,
        failed=tuple(failure for subject in found.subjects for failure in subject.failed),
        warnings=(*found.warnings, *unread),
    )
    return msgspec.structs.replace(
        record, reasons=tuple(reason.line for reason in reasons_of(record))
    )


def _accuracy(request: ResolvedDeployment) -> tuple[AccuracyRecord | None, tuple[str, ...]]:
    """Accuracy from the run's folder; or a warning if that is damaged, so that the rest is kept."""
    if request.run is None:
        return None, ()
    try:
        return accuracy_of(request.run), ()
    except BadFileError as error:
        return None, (f"nothing is known of the accuracy: {error}",)


def speedups_of(models: Sequence[ModelRecord]) -> tuple[SpeedupRecord, ...]:
    """Speed-up of each model over the baseline with as many threads."""
    found = (
        speedup_of(model, baseline)
        for model in models
        if model.role is ModelRole.MODEL
        for baseline in models
        if baseline.role is ModelRole.BASELINE and baseline.threads == model.threads
    )
    return tuple(speedup for speedup in found if speedup is not None)
