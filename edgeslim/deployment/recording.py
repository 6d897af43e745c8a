"""The parts of a deployment's record, made from measurements, predictions and device facts."""

from __future__ import annotations

import platform
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

import msgspec

from edgeslim import ops
from edgeslim.companion import LitePython, describe_lite_python, find_lite_python
from edgeslim.conversion.inspect_model import trainable_parameters
from edgeslim.conversion.model_inputs import GivenInputs
from edgeslim.deployment.decide import Measured
from edgeslim.deployment.judgement import OutputDifference
from edgeslim.deployment.measured_ranges import Ranges
from edgeslim.deployment.models_under_test import ModelUnderTest
from edgeslim.deployment.quantiles import tails_of
from edgeslim.deployment.speedup import latency_interval_ms
from edgeslim.deployment.variants import ModelVariant, TablePredictions
from edgeslim.files import checksum_of
from edgeslim.graph import Graph
from edgeslim.latency_table import LatencyTable
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.opspec import OpSpec
from edgeslim.prediction.predictor import OperatorLatency, Prediction, Predictor, Source
from edgeslim.prediction.start_predictor import Quantity
from edgeslim.runs.deployment_records import (
    DeviceRecord,
    InputsRecord,
    Known,
    ModelRecord,
    OperatorRecord,
    OutputRecord,
    TableRecord,
    VersionsRecord,
)
from edgeslim.runs.start_records import PredictedNumber, PredictedStartRecord
from edgeslim.version import __version__

__all__ = [
    "device_record",
    "inputs_record",
    "model_record",
    "new_id",
    "output_record",
    "table_record",
    "versions_record",
]


def new_id() -> str:
    """A unique id for a deployment, which sorts by time."""
    return f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def versions_record(session: DeviceSession) -> VersionsRecord:
    """Versions of all programs that took part."""
    lite = _lite_python()
    return VersionsRecord(
        edgeslim=__version__,
        paddlepaddle=_version("paddlepaddle"),
        paddlelite="" if lite is None else lite.paddlelite,
        numpy=_version("numpy"),
        python=platform.python_version(),
        lite_python="" if lite is None else lite.version,
        lite_numpy="" if lite is None else lite.numpy,
        library=session.library_version,
        runner=session.runner.name,
    )


def _lite_python() -> LitePython | None:
    """What the Python with Paddle-Lite has; by now it has converted a model."""
    python = find_lite_python()
    return None if python is None else describe_lite_python(python)


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


def model_record(
    subject: ModelUnderTest,
    variant: ModelVariant,
    difference: OutputDifference,
    found: Measured,
    known: TablePredictions,
    *,
    optimized: Path,
    target_ms: float | None,
) -> ModelRecord:
    """The record of one variant of a model, as it was measured.

    Args:
        subject: The model with all its variants.
        variant: The variant that is recorded.
        difference: How far its outputs are from Paddle's.
        found: Samples of all rounds, starts and soaks.
        known: Predictions of the table, if there is one.
        optimized: File that the device ran, in the folder of the result.
        target_ms: Latency limit in ms that the model was made for, if any.
    """
    measured = found.networks
    measurement, facts = measured.measurements[variant.id], variant.file.facts
    predictor = known.predictor(variant)
    prediction = None if predictor is None else predictor.predict(subject.graph.specs)
    complete = prediction is not None and not prediction.missing
    record = ModelRecord(
        id=variant.id,
        name=subject.name,
        role=subject.role,
        source=subject.source,
        precision=variant.precision,
        kernels=facts.computes_in,
        threads=variant.session.execution.threads,
        optimized=str(optimized),
        size_bytes=facts.size_bytes,
        sha256=checksum_of(optimized),
        macs=ops.macs(subject.model.graph.specs),
        parameters=trainable_parameters(subject.model.graph),
        latency_ms=measurement.latency_ms,
        spread=measurement.spread,
        p90_ms=measurement.p90_ms,
        rounds=measured.rounds_of[variant.id],
        operators=_operators(subject.graph.specs, prediction, known.table),
        predicted_ms=prediction.total_ms if prediction and complete else None,
        predicted_interval_ms=prediction.interval_ms if prediction and complete else None,
        speed=known.speed(variant, measured.references_ms[variant.id]),
        outputs=output_record(difference, variant.proved_by, variant.without_meaning),
        target_ms=target_ms,
        met=None if target_ms is None else measurement.latency_ms <= target_ms,
        engine=variant.session.engine,
        engine_version=variant.session.library_version if variant.session.engine else "",
        converter=variant.file.converter if variant.session.engine else "",
        starts=found.starts.starts.get(variant.id),
        soak=found.soaks.get(variant.id),
        predicted_start=_start(predictor, subject.graph, prediction),
    )
    tails = tails_of([timed.samples_ns for timed in record.counted_rounds])
    interval_ms = latency_interval_ms(record)
    return msgspec.structs.replace(record, latency_interval_ms=interval_ms, tails=tails)


def _start(
    predictor: Predictor | None, graph: Graph, prediction: Prediction | None
) -> PredictedStartRecord | None:
    """The record of how a table predicts that a network starts, if one predicts it."""
    if predictor is None or prediction is None:
        return None
    found = predictor.predict_start(graph, prediction)

    def number(quantity: Quantity | None) -> PredictedNumber | None:
        if quantity is None:
            return None
        return PredictedNumber(value=quantity.value, interval=quantity.interval)

    return PredictedStartRecord(
        memory_mb=number(found.memory_mb),
        load_ms=number(found.load_ms),
        cold_load_ms=number(found.cold_load_ms),
        first_run_ms=number(found.first_run_ms),
        reason=found.reason,
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
            known=Known[known[spec].source.name],
            latency_ms=known[spec].latency_ms,
            error=known[spec].error,
            unsteady=known[spec].unsteady,
            outside=ranges.outside(spec) if known[spec].source is Source.INTERPOLATED else "",
        )
        for spec, where in places.items()
    )


def output_record(
    difference: OutputDifference, proved_by: tuple[str, ...], without_meaning: tuple[str, ...]
) -> OutputRecord:
    """The record of how far outputs are from Paddle's, and of what proved them right."""
    return OutputRecord(
        max_abs=difference.max_abs,
        max_rel=difference.max_rel,
        lost=difference.lost if difference.lost < float("inf") else None,
        top1=difference.top1,
        wrong=difference.wrong,
        inputs=difference.inputs,
        proved_by=proved_by,
        without_meaning=without_meaning,
    )
