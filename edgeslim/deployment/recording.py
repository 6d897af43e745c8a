"""The parts of a deployment's record, made from measurements, predictions and device facts."""

from __future__ import annotations

import hashlib
import platform
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib import metadata

from edgeslim import ops
from edgeslim.conversion.inspect_model import trainable_parameters
from edgeslim.conversion.model_inputs import GivenInputs
from edgeslim.deployment.deployed import Deployed
from edgeslim.deployment.measured_ranges import Ranges
from edgeslim.deployment.models_under_test import ModelUnderTest
from edgeslim.deployment.sustained import Sustained
from edgeslim.files import read_bytes
from edgeslim.latency_table import LatencyTable
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.measuring.networks import MeasuredNetworks, NetworkRound
from edgeslim.opspec import OpSpec
from edgeslim.prediction.predictor import OperatorLatency, Prediction, Source
from edgeslim.runs.deployment_records import (
    DeviceRecord,
    FailedRecord,
    InputsRecord,
    Known,
    ModelRecord,
    ModelRound,
    OperatorRecord,
    OutputRecord,
    RoundRecord,
    TableRecord,
    VersionsRecord,
    WindowRecord,
)
from edgeslim.version import __version__

__all__ = [
    "device_record",
    "failed_records",
    "inputs_record",
    "model_record",
    "new_id",
    "round_records",
    "table_record",
    "versions_record",
]

_KNOWN = {
    Source.MEASURED: Known.MEASURED,
    Source.INTERPOLATED: Known.INTERPOLATED,
    Source.MISSING: Known.MISSING,
    Source.LEFT_OUT: Known.LEFT_OUT,
}


def new_id() -> str:
    """A unique id for a deployment, which sorts by time."""
    return f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def versions_record(session: DeviceSession) -> VersionsRecord:
    """Versions of all programs that took part."""
    return VersionsRecord(
        edgeslim=__version__,
        paddlepaddle=_version("paddlepaddle"),
        paddlelite=_version("paddlelite"),
        numpy=_version("numpy"),
        python=platform.python_version(),
        library=session.library_version,
        runner=session.runner.name,
    )


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def inputs_record(given: GivenInputs | None) -> InputsRecord | None:
    """The record of the user's own inputs, if they were used."""
    if given is None:
        return None
    return InputsRecord(path=str(given.path.absolute()), sha256=given.sha256)


def device_record(session: DeviceSession) -> DeviceRecord:
    """The record of the device."""
    facts = session.facts
    return DeviceRecord(
        name=session.profile.name,
        target=session.execution.target,
        hardware=facts.hardware,
        system=facts.system,
        machine=facts.machine,
        abi=facts.abi,
        cores=facts.cores,
        clusters=facts.clusters,
        unit=facts.unit,
        model=facts.model,
        android=facts.android,
        memory_mb=facts.memory_mb,
        transport=session.profile.transport,
        settings=session.settings,
    )


def table_record(table: LatencyTable, now: str) -> TableRecord:
    """The record of the table that predicted, with its age.

    Args:
        table: The latency table that predicted.
        now: When the deployment began, UTC.
    """
    moments = sorted(row.measured for row in table.rows if row.measured)
    last = moments[-1] if moments else table.context.created
    return TableRecord(
        path=str(table.path),
        digest=table.digest,
        context=table.context,
        operators=len(table),
        networks=len(table.networks),
        first=moments[0] if moments else table.context.created,
        last=last,
        age_s=_seconds(last, now),
        reference_ms=table.reference_ms,
    )


def _seconds(start: str, end: str) -> float | None:
    try:
        return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except (TypeError, ValueError):  # imported tables say what they like
        return None


def round_records(measured: MeasuredNetworks) -> tuple[RoundRecord, ...]:
    """Records of all rounds in the order they ran."""
    return tuple(
        RoundRecord(
            number=timed_round.number,
            start_s=timed_round.start_s,
            end_s=timed_round.end_s,
            order=timed_round.order,
            state=timed_round.state,
        )
        for timed_round in measured.rounds
    )


def failed_records(subjects: Sequence[ModelUnderTest]) -> tuple[FailedRecord, ...]:
    """Records of variants that could not be converted or run."""
    return tuple(
        FailedRecord(
            name=subject.name,
            role=subject.role,
            precision=failure.precision,
            threads=failure.threads,
            reason=failure.reason,
        )
        for subject in subjects
        for failure in subject.failed
    )


def model_record(
    subject: ModelUnderTest,
    deployed: Deployed,
    rounds: Sequence[NetworkRound],
    table: LatencyTable | None,
) -> ModelRecord:
    """The record of one variant of a model, as it was measured.

    Args:
        subject: The model with all its variants.
        deployed: The variant, as it was measured.
        rounds: All rounds of that variant.
        table: The table that predicted, if one did.

    Raises:
        ValueError: It was not measured.
    """
    measurement, prediction = deployed.measurement, deployed.prediction
    if measurement is None or deployed.threads is None:
        raise ValueError(f"{deployed.id} was not measured")
    complete = prediction is not None and not prediction.missing
    return ModelRecord(
        id=deployed.id,
        name=subject.name,
        role=subject.role,
        source=subject.source,
        precision=deployed.precision,
        kernels=deployed.computes_in,
        threads=deployed.threads,
        optimized=str(deployed.optimized),
        size_bytes=deployed.size_bytes,
        sha256=hashlib.sha256(read_bytes(deployed.optimized)).hexdigest(),
        macs=ops.macs(subject.model.graph.specs),
        parameters=trainable_parameters(subject.model.graph),
        latency_ms=measurement.latency_ms,
        spread=measurement.spread,
        p90_ms=measurement.p90_ms,
        rounds=tuple(_round(timed_round) for timed_round in rounds),
        operators=_operators(subject.graph.specs, prediction, table),
        predicted_ms=prediction.total_ms if prediction and complete else None,
        predicted_interval_ms=prediction.interval_ms if prediction and complete else None,
        speed=deployed.speed,
        outputs=_outputs(deployed),
        target_ms=deployed.target_ms,
        met=deployed.met_target,
        fastest=deployed.fastest,
        sustained=_windows(deployed.sustained),
    )


def _round(timed_round: NetworkRound) -> ModelRound:
    return ModelRound(
        round=timed_round.number,
        samples_ns=timed_round.measurement.samples_ns,
        warmup=timed_round.measurement.warmup,
        reference_ms=timed_round.reference_ms,
        disturbed=timed_round.disturbed,
    )


def _operators(
    specs: Sequence[OpSpec], prediction: Prediction | None, table: LatencyTable | None
) -> tuple[OperatorRecord, ...]:
    """Each operator once, in the order in which they first run."""
    places: dict[OpSpec, list[int]] = {}
    for place, spec in enumerate(specs):
        places.setdefault(spec, []).append(place)
    if prediction is None or table is None:
        return tuple(
            OperatorRecord(operator=spec, places=tuple(where), known=Known.NO_TABLE)
            for spec, where in places.items()
        )
    known: Mapping[OpSpec, OperatorLatency] = {
        operator.spec: operator for operator in prediction.operators
    }
    ranges = Ranges(table)
    return tuple(
        OperatorRecord(
            operator=spec,
            places=tuple(where),
            known=_KNOWN[known[spec].source],
            latency_ms=known[spec].latency_ms,
            error=known[spec].error,
            unsteady=known[spec].unsteady,
            outside=ranges.outside(spec) if known[spec].source is Source.INTERPOLATED else "",
        )
        for spec, where in places.items()
    )


def _outputs(deployed: Deployed) -> OutputRecord | None:
    difference = deployed.difference
    if difference is None:
        return None
    return OutputRecord(
        max_abs=difference.max_abs,
        max_rel=difference.max_rel,
        lost=difference.lost if difference.lost < float("inf") else None,
        top1=difference.top1,
        wrong=difference.wrong,
        inputs=difference.inputs,
        proved_by=deployed.proved_by,
        without_meaning=deployed.without_meaning,
    )


def _windows(sustained: Sustained | None) -> tuple[WindowRecord, ...]:
    if sustained is None:
        return ()
    return tuple(
        WindowRecord(
            start_s=window.start_s,
            end_s=window.end_s,
            p50_ms=window.p50_ms,
            p90_ms=window.p90_ms,
            samples=window.samples,
            temperature_c=window.temperature_c,
            thermal_status=window.thermal_status,
            capped=window.capped,
        )
        for window in sustained.windows
    )
