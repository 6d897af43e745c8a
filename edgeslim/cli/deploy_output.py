"""What ``edgeslim deploy`` prints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgeslim.cli.output import print_lines, print_table
from edgeslim.deployment.deployed import Deployed, Deployment, format_variant
from edgeslim.deployment.sustained import Sustained
from edgeslim.durations import format_ms
from edgeslim.execution import Precision
from edgeslim.runs.deployment_records import SpeedupRecord

__all__ = ["document", "missing", "print_deployment"]

_NOTABLE_SPEED = 0.03

_COLUMNS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "model": ("name", str),
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

_COMPARING = {"precision", "kernels", "threads", "variance lost", "same top-1", "fastest"}
"""Columns of a table that compares variants."""

_ONE_SIZE = (
    "give each predictor one input size only: with a second one, Paddle-Lite 2.12 to 2.14 computes "
    "wrong outputs without an error; load the file again for each size"
)


def missing(model: Deployed) -> list[str]:
    """Operators that the table lacks, by their description."""
    return [] if model.prediction is None else [str(spec) for spec in model.prediction.missing]


def print_deployment(done: Deployment) -> None:
    """Prints a table of all variants, and below it what does not fit into a table."""
    variants = {(model.precision, model.threads) for model in done.models}
    plain = len(variants) == 1 and done.models[0].precision is Precision.FP32
    rows = [_cells(model, done.speedup(model)) for model in done.models]
    rows += [
        _cells(baseline, None) | {"model": f"{baseline.name} (baseline)"}
        for baseline in done.baselines
    ]
    columns = [name for name in _COLUMNS if name != "times as fast" or done.baselines]
    if plain:
        columns = [name for name in columns if name not in _COMPARING]
    else:
        columns = [name for name in columns if any(row[name] for row in rows)]
    print_table(columns, [[row[name] for name in columns] for row in rows])
    print_lines(*dict.fromkeys(f"{model.name}: {model.optimized}" for model in done.models))
    _print_notes(done)


def _print_notes(done: Deployment) -> None:
    """Prints what does not fit into the table."""
    for model in done.models:
        _print_model_notes(model, done.speedup(model))
    print_lines(_ONE_SIZE)
    _print_judgement(done)
    for failed in done.failed:
        variant = format_variant(failed.precision, failed.threads)
        print_lines(f"failed: {failed.name} in {variant}: {failed.reason}")
    for warning in done.warnings:
        print_lines(f"warning: {warning}")
    if done.history is not None:
        print_lines(f"added to {done.history}")
    for precision in (Precision.INT8_WEIGHTS, Precision.INT16_WEIGHTS):
        if any(model.precision is precision for model in done.models):
            print_lines(
                f"{precision.value}: a smaller file alone; its weights are floats again when it is "
                "loaded. A quantized model (edgeslim quantize) has int8 kernels"
            )


def _print_model_notes(model: Deployed, speedup: SpeedupRecord | None) -> None:
    if speedup is not None:
        low, high = speedup.interval
        print_lines(
            f"  {model.name} in {format_variant(model.precision, model.threads)} is "
            f"{speedup.ratio:.3f} times as fast as the baseline; another deployment of "
            f"{speedup.rounds} rounds would say {low:.3f} to {high:.3f} in {speedup.level:.0%} of "
            "all cases"
        )
    if model.without_meaning:
        print_lines(
            f"  {model.name} for {model.target.value} is proved by the {model.proved_by[0]} alone: "
            f"{', '.join(model.without_meaning)}"
        )
    if missing(model):
        print_lines("  there is no prediction, since the table lacks:")
        print_lines(*(f"    {operator}" for operator in missing(model)))
    if model.sustained is not None:
        _print_sustained(model.sustained)
    if model.speed is not None and abs(model.speed - 1) > _NOTABLE_SPEED:
        faster = "faster" if model.speed > 1 else "slower"
        print_lines(
            f"  the device is {abs(model.speed - 1):.0%} {faster} now than when its table was "
            "measured"
        )


def _print_judgement(done: Deployment) -> None:
    """Prints why predicted and measured differ, and which limits are met; others are errors."""
    if done.record is None:
        return
    for reason in done.record.reasons:
        print_lines(f"why predicted and measured differ: {reason}")
    for gate in done.record.gates:
        if gate.met and gate.line not in done.warnings:
            print_lines(f"{gate.asked} is met: {gate.line}")


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
            for window in sustained.windows
        ],
    )
    print_lines(
        f"the last minute takes {sustained.slowdown:.2f} times the first; the model ran "
        f"{sustained.busy:.0%} of the time"
    )


def _cells(model: Deployed, speedup: SpeedupRecord | None) -> dict[str, str]:
    """The texts of a row, by column."""
    values = _model_document(model)
    if speedup is not None:
        low, high = speedup.interval
        values["speedup_text"] = f"{speedup.ratio:.3f} ({low:.3f}-{high:.3f})"
    known = {key: value for key, value in values.items() if value is not None}
    return {
        name: write(known[key]) if key in known else "" for name, (key, write) in _COLUMNS.items()
    }


def document(done: Deployment) -> dict[str, object]:
    """The JSON document of a deployment; samples are in its record only."""
    fastest = next((model for model in done.models if model.fastest), None)
    speedup = None if fastest is None else done.speedup(fastest)
    record = done.record
    return {
        "models": [
            _model_document(model) | _speedup_document(done.speedup(model)) for model in done.models
        ],
        "baseline": _model_document(done.baselines[0]) if done.baselines else None,
        "baselines": [_model_document(baseline) for baseline in done.baselines],
        **_speedup_document(speedup),
        "inputs": None if record is None else record.inputs,
        "record": done.history,
        "record_id": None if record is None else record.id,
        "gates": [] if record is None else list(record.gates),
        "reasons": [] if record is None else list(record.reasons),
        "failed": [
            {
                "name": failure.name,
                "target": failure.target.value,
                "precision": failure.precision.value,
                "threads": failure.threads,
                "reason": failure.reason,
            }
            for failure in done.failed
        ],
        "warnings": list(done.warnings),
    }


def _speedup_document(speedup: SpeedupRecord | None) -> dict[str, object]:
    return {
        "speedup": None if speedup is None else speedup.ratio,
        "speedup_interval": None if speedup is None else speedup.interval,
    }


def _model_document(model: Deployed) -> dict[str, object]:
    measured, predicted, difference = model.measurement, model.prediction, model.difference
    complete = predicted is not None and not predicted.missing
    return {
        "name": model.name,
        "optimized": model.optimized,
        "target": model.target.value,
        "precision": model.precision.value,
        "kernels": list(model.computes_in),
        "threads": model.threads,
        "fastest": model.fastest,
        "size_bytes": model.size_bytes,
        "predicted_ms": predicted.total_ms if predicted and complete else None,
        "interval_ms": predicted.interval_ms if predicted and complete else None,
        "missing": missing(model),
        "measured_ms": None if measured is None else measured.latency_ms,
        "measured_p90_ms": None if measured is None else measured.p90_ms,
        "samples": 0 if measured is None else len(measured.samples_ns),
        "error_percent": model.error_percent,
        "speed": model.speed,
        "output_max_abs_error": None if difference is None else difference.max_abs,
        "output_max_rel_error": None if difference is None else difference.max_rel,
        "output_variance_lost": None if difference is None else difference.lost,
        "output_wrong_share": None if difference is None else difference.wrong,
        "output_same_top1": None if difference is None else difference.top1,
        "proved_by": list(model.proved_by),
        "without_meaning": list(model.without_meaning),
        "unproved": list(model.unproved),
        "sustained": None if model.sustained is None else _sustained_document(model.sustained),
        "target_ms": model.target_ms,
        "met_target": model.met_target,
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
            for window in sustained.windows
        ],
    }
