"""What ``edgeslim deploy`` prints."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from edgeslim.cli.accuracy_output import accuracy_lines
from edgeslim.cli.inside_output import inside_document, print_inside
from edgeslim.cli.output import print_lines, print_table
from edgeslim.cli.quantities_output import print_quantities, quantities_document
from edgeslim.cli.rewriting_output import chosen_form_lines
from edgeslim.deployment.deployed import (
    ConvertedModel,
    ConvertedModels,
    Deployment,
    format_variant,
)
from edgeslim.deployment.engine_choice import engine_lines
from edgeslim.deployment.sustained import Sustained
from edgeslim.durations import format_ms
from edgeslim.execution import Precision
from edgeslim.runs.deployment_records import (
    DeploymentRecord,
    FailedRecord,
    Known,
    ModelRecord,
    ModelRole,
    SpeedupRecord,
)

__all__ = ["document", "missing", "print_deployments"]

_NOTABLE_SPEED = 0.03

_COLUMNS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "model": ("name", str),
    "engine": ("engine", str),
    "target": ("target", str),
    "precision": ("precision", str),
    "kernels": ("kernels", ", ".join),
    "threads": ("threads", str),
    "MB": ("size_bytes", lambda size: f"{size / 1e6:.2f}"),
    "predicted": ("predicted_ms", format_ms),
    "measured": ("measured_ms", format_ms),
    "error": ("error_percent", "{:+.1f} %".format),
    "limit": ("target_ms", format_ms),
    "met": ("met_target", lambda met: "yes" if met else "NO"),
    "outputs off": ("output_max_rel_error", "{:.1e}".format),
    "times as fast": ("speedup_text", str),
    "variance lost": ("output_variance_lost", "{:.1e}".format),
    "same top-1": ("output_same_top1", "{:.0%}".format),
    "fastest": ("fastest", lambda fastest: "<--" if fastest else ""),
}
"""Columns for people: key of the value in the JSON document, and how it is written."""

_COMPARING = {"engine", "precision", "kernels", "threads", "variance lost", "same top-1", "fastest"}
"""Columns of a table that compares variants."""

_ONE_SIZE = (
    "give each predictor one input size only: with a second one, Paddle-Lite 2.12 to 2.14 computes "
    "wrong outputs without an error; load the file again for each size"
)


def missing(model: ModelRecord | ConvertedModel) -> list[str]:
    """Operators that the table lacks, by their description."""
    if isinstance(model, ConvertedModel):
        return []
    return [str(found.operator) for found in model.operators if found.known is Known.MISSING]


def print_deployments(done: Sequence[Deployment | ConvertedModels]) -> None:
    """Prints a table of all variants of all models, and below it what does not fit into a table."""
    pairs = [(model, one) for one in done for model in one.models]
    first = done[0]
    # The baseline of several models is the first of them, which has its row already.
    baselines = first.baselines if isinstance(first, Deployment) and len(done) == 1 else ()
    variants = {(_engine(model), model.precision, _threads(model)) for model, _ in pairs}
    plain = variants == {("", Precision.FP32, _threads(first.models[0]))}
    rows = [_cells(model, one) for model, one in pairs]
    rows += [
        _cells(baseline, first) | {"model": f"{baseline.name} (baseline)"} for baseline in baselines
    ]
    if len(done) > 1:
        fastest = min(range(len(pairs)), key=lambda place: _measured_ms(pairs[place][0]))
        rows = [row | {"fastest": "<--" * (place == fastest)} for place, row in enumerate(rows)]
    compares = bool(baselines) or len(done) > 1
    columns = [name for name in _COLUMNS if name != "times as fast" or compares]
    if plain:
        columns = [name for name in columns if name not in _COMPARING]
    else:
        columns = [name for name in columns if any(row[name] for row in rows)]
    print_table(columns, [[row[name] for name in columns] for row in rows])
    print_lines(*dict.fromkeys(f"{model.name}: {model.optimized}" for model, _ in pairs))
    quantities = [
        (model, _short_name(model, one, among=len(pairs)))
        for one in done
        if isinstance(one, Deployment)
        for model in (one.record.models if len(done) == 1 else one.models)
    ]
    if quantities:
        print_quantities([model for model, _ in quantities], [name for _, name in quantities])
    for model, one in pairs:
        _print_model_notes(model, one)
    print_lines(_ONE_SIZE)
    for one in done:
        _print_notes(one)


def _measured_ms(model: ModelRecord | ConvertedModel) -> float:
    return model.latency_ms if isinstance(model, ModelRecord) else math.inf


def _engine(model: ModelRecord | ConvertedModel) -> str:
    """The engine with its version, if it was chosen."""
    if isinstance(model, ConvertedModel) or not model.engine:
        return ""
    return f"{model.engine} {model.engine_version}"


def _short_name(model: ModelRecord, done: Deployment, *, among: int) -> str:
    """What tells a variant from the others that are printed, of which there are so many."""
    variant = format_variant(model.precision, model.threads, model.engine)
    if model.role is ModelRole.BASELINE:
        return f"{model.name} (baseline), {variant}"
    if len(done.models) == 1:
        return model.name
    return variant if among == len(done.models) else f"{model.name}, {variant}"


def _threads(model: ModelRecord | ConvertedModel) -> int | None:
    return model.threads if isinstance(model, ModelRecord) else None


def _print_notes(done: Deployment | ConvertedModels) -> None:
    """Prints what there is to say of a whole deployment."""
    if isinstance(done, Deployment):
        _print_judgement(done)
    for failed in done.failures:
        variant = format_variant(failed.precision, failed.threads, failed.engine)
        print_lines(f"failed: {_failed_name(failed)} in {variant}: {failed.reason}")
    for warning in done.warnings:
        print_lines(f"warning: {warning}")
    if isinstance(done, Deployment):
        print_lines(f"added to {done.history}")
    for precision in (Precision.INT8_WEIGHTS, Precision.INT16_WEIGHTS):
        if any(model.precision is precision for model in done.models):
            print_lines(
                f"{precision.value}: a smaller file alone; its weights are floats again when it is "
                "loaded. A quantized model (edgeslim quantize) has int8 kernels"
            )


def _failed_name(failed: FailedRecord) -> str:
    return f"{'baseline.' if failed.role is ModelRole.BASELINE else ''}{failed.name}"


def _speedup(
    model: ModelRecord | ConvertedModel, done: Deployment | ConvertedModels
) -> SpeedupRecord | None:
    if isinstance(model, ModelRecord) and isinstance(done, Deployment):
        return done.speedup(model)
    return None


def _target(model: ModelRecord | ConvertedModel, done: Deployment | ConvertedModels) -> str:
    """Kind of processor that a model is converted for."""
    if isinstance(done, Deployment):
        return done.record.device.target.value
    return model.target.value if isinstance(model, ConvertedModel) else ""


def _print_model_notes(
    model: ModelRecord | ConvertedModel, done: Deployment | ConvertedModels
) -> None:
    speedup, outputs = _speedup(model, done), model.outputs
    if speedup is not None:
        low, high = speedup.interval
        print_lines(
            f"  {model.name} in {format_variant(model.precision, _threads(model))} is "
            f"{speedup.ratio:.3f} times as fast as the baseline; another deployment of "
            f"{speedup.rounds} rounds would say {low:.3f} to {high:.3f} in {speedup.level:.0%} of "
            "all cases"
        )
    if outputs is not None and outputs.without_meaning:
        print_lines(
            f"  {model.name} for {_target(model, done)} is proved by the {outputs.proved_by[0]} "
            f"alone: {', '.join(outputs.without_meaning)}"
        )
    if isinstance(model, ConvertedModel) or not isinstance(done, Deployment):
        return
    if missing(model):
        print_lines("  there is no prediction, since the table lacks:")
        print_lines(*(f"    {operator}" for operator in missing(model)))
    if done.sustained is not None:
        _print_sustained(done.sustained)
    if model.inside is not None:
        print_inside(model.inside)
    if model.speed is not None and abs(model.speed - 1) > _NOTABLE_SPEED:
        faster = "faster" if model.speed > 1 else "slower"
        print_lines(
            f"  the device is {abs(model.speed - 1):.0%} {faster} now than when its table was "
            "measured"
        )


def _print_judgement(done: Deployment) -> None:
    """Prints why predicted and measured differ, and of each limit whether it is met."""
    print_lines(*engine_lines(done.record))
    if done.record.rewriting is not None:
        print_lines(*chosen_form_lines(done.record.rewriting, done.record.model_path))
    for evaluation in done.record.evaluations:
        print_lines(*accuracy_lines(evaluation, done.record.device.name))
    for reason in done.record.reasons:
        print_lines(f"why predicted and measured differ: {reason}")
    for gate in done.record.gates:
        print_lines(f"{gate.outcome} {gate.asked}: {gate.line}")


def _print_sustained(sustained: Sustained) -> None:
    """Prints the latency of a sustained run over time."""
    print_table(
        ["after", "p50", "p90", "runs", "C", "thermal status", "frequency allowed"],
        [
            [
                f"{window.start_s:.0f} s",
                format_ms(window.p50_ms),
                format_ms(window.p90_ms),
                str(window.samples),
                "" if window.temperature_c is None else f"{window.temperature_c:.0f}",
                "" if window.thermal_status is None else str(window.thermal_status),
                "" if window.capped is None else f"{window.capped:.0%}",
            ]
            for window in sustained.records
        ],
    )
    print_lines(
        f"the last minute takes {sustained.slowdown:.2f} times the first; the model ran "
        f"{sustained.busy:.0%} of the time"
    )


def _cells(
    model: ModelRecord | ConvertedModel, done: Deployment | ConvertedModels
) -> dict[str, str]:
    """The texts of a row, by column."""
    values, speedup = _model_document(model, done), _speedup(model, done)
    if speedup is not None:
        low, high = speedup.interval
        values["speedup_text"] = f"{speedup.ratio:.3f} ({low:.3f}-{high:.3f})"
    known = {key: value for key, value in values.items() if value is not None}
    return {
        name: write(known[key]) if key in known else "" for name, (key, write) in _COLUMNS.items()
    }


def document(done: Deployment | ConvertedModels) -> dict[str, object]:
    """The JSON document of a deployment; samples are in its record only."""
    deployment = done if isinstance(done, Deployment) else None
    record = None if deployment is None else deployment.record
    models = () if deployment is None else deployment.models
    baselines = () if deployment is None else deployment.baselines
    fastest = next((model for model in models if model.fastest), None)
    speedup = None if fastest is None else _speedup(fastest, done)
    return {
        "models": [
            _model_document(model, done) | _speedup_document(_speedup(model, done))
            for model in done.models
        ],
        "baseline": _model_document(baselines[0], done) if baselines else None,
        "baselines": [_model_document(baseline, done) for baseline in baselines],
        **_speedup_document(speedup),
        "rewriting": None if record is None else record.rewriting,
        "evaluations": [] if record is None else list(record.evaluations),
        "inputs": None if record is None else record.inputs,
        "record": None if deployment is None else deployment.history,
        "record_id": None if record is None else record.id,
        "engines": _ratio_documents(record),
        "gates": [] if record is None else list(record.gates),
        "reasons": [] if record is None else list(record.reasons),
        "failed": [
            {
                "name": _failed_name(failure),
                "target": (failure.target or record.device.target if record else failure.target),
                "precision": failure.precision.value,
                "threads": failure.threads,
                "engine": failure.engine or None,
                "reason": failure.reason,
            }
            for failure in done.failures
        ],
        "warnings": list(done.warnings),
    }


def _ratio_documents(record: DeploymentRecord | None) -> list[dict[str, object]]:
    """How many times as fast the fastest engine is as each other."""
    if record is None:
        return []
    return [
        {
            "fastest": record.model(ratio.model).engine,
            "other": record.model(ratio.baseline).engine,
            "ratio": ratio.ratio,
            "interval": ratio.interval,
            "level": ratio.level,
            "rounds": ratio.rounds,
        }
        for ratio in record.engine_ratios
    ]


def _speedup_document(speedup: SpeedupRecord | None) -> dict[str, object]:
    return {
        "speedup": None if speedup is None else speedup.ratio,
        "speedup_interval": None if speedup is None else speedup.interval,
    }


def _model_document(
    model: ModelRecord | ConvertedModel, done: Deployment | ConvertedModels
) -> dict[str, object]:
    measured = model if isinstance(model, ModelRecord) else None
    is_model = measured is not None and measured.role is ModelRole.MODEL
    sustained = done.sustained if is_model and isinstance(done, Deployment) else None
    outputs = model.outputs
    return {
        "name": model.name,
        "engine": _engine(model) or None,
        "converter": (measured.converter if measured else "") or None,
        "optimized": model.optimized,
        "target": _target(model, done),
        "precision": model.precision.value,
        "kernels": list(model.kernels),
        "threads": _threads(model),
        "fastest": measured is not None and measured.fastest,
        "size_bytes": model.size_bytes,
        "predicted_ms": measured and measured.predicted_ms,
        "interval_ms": measured and measured.predicted_interval_ms,
        "missing": missing(model),
        "measured_ms": measured and measured.latency_ms,
        "measured_p90_ms": measured and measured.p90_ms,
        **(quantities_document(measured) if measured else {}),
        "samples": measured.samples if measured else 0,
        "error_percent": measured and measured.error_percent,
        "speed": measured and measured.speed,
        "output_max_abs_error": outputs and outputs.max_abs,
        "output_max_rel_error": outputs and outputs.max_rel,
        "output_variance_lost": outputs and outputs.lost,
        "output_wrong_share": outputs and outputs.wrong,
        "output_same_top1": outputs and outputs.top1,
        "proved_by": list(outputs.proved_by) if outputs else [],
        "without_meaning": list(outputs.without_meaning) if outputs else [],
        "unproved": list(model.unproved) if isinstance(model, ConvertedModel) else [],
        "sustained": None if sustained is None else _sustained_document(sustained),
        "inside": inside_document(measured.inside) if measured and measured.inside else None,
        "target_ms": measured and measured.target_ms,
        "met_target": measured and measured.met,
    }


def _sustained_document(sustained: Sustained) -> dict[str, object]:
    return {
        "seconds": sustained.seconds,
        "p50_ms": sustained.measurement.latency_ms,
        "p90_ms": sustained.measurement.p90_ms,
        "slowdown": sustained.slowdown,
        "windows": [
            {
                "start_s": window.start_s,
                "p50_ms": window.p50_ms,
                "p90_ms": window.p90_ms,
                "samples": window.samples,
                "temperature_c": window.temperature_c,
                "thermal_status": window.thermal_status,
                "capped": window.capped,
            }
            for window in sustained.records
        ],
    }
