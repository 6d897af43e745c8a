"""What ``edgeslim deploy`` prints."""

from __future__ import annotations

from edgeslim.cli.output import print_lines, print_table
from edgeslim.deployment.deployed import Deployed, Deployment, format_variant
from edgeslim.deployment.sustained import Sustained
from edgeslim.durations import format_ms
from edgeslim.execution import Precision
from edgeslim.runs.deployment_records import SpeedupRecord

__all__ = ["document", "missing", "print_deployment"]

_NOTABLE_SPEED = 0.03

_COLUMNS = (
    *("model", "target", "MB", "predicted", "measured", "error", "limit", "met", "outputs off"),
)
_ONE_SIZE = (
    "a predictor must see one input size only: with a second, Paddle-Lite 2.12 to 2.14 gives other "
    "numbers in silence; load the file again for each size"
)
_SPEEDUP = "times as fast"
_VARIANT = ("precision", "kernels", "threads")
_JUDGED = ("variance lost", "same top-1", "fastest")
"""Columns of a table that compares variants."""


def missing(each: Deployed) -> list[str]:
    """Operators that the table lacks, by their description."""
    return [] if each.prediction is None else [str(spec) for spec in each.prediction.missing]


def print_deployment(done: Deployment) -> None:
    """A table for people, and below it what does not fit into one."""
    variants = {(each.precision, each.threads) for each in done.models}
    plain = len(variants) == 1 and done.models[0].precision is Precision.FP32
    rows = [_cells(each, done.speedup(each)) for each in done.models]
    rows += [_cells(each, None) | {"model": f"{each.name} (baseline)"} for each in done.baselines]
    columns: tuple[str, ...] = (*_COLUMNS, _SPEEDUP) if done.baselines else _COLUMNS
    if not plain:
        columns = (*columns[:2], *_VARIANT, *columns[2:], *_JUDGED)
        columns = tuple(name for name in columns if any(row[name] for row in rows))
    print_table(columns, [[row[name] for name in columns] for row in rows])
    print_lines(*dict.fromkeys(f"{each.name}: {each.optimized}" for each in done.models))
    _print_notes(done)


def _print_notes(done: Deployment) -> None:
    """What does not fit into the table."""
    for each in done.models:
        _print_model_notes(each, done.speedup(each))
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
        if any(each.precision is precision for each in done.models):
            print_lines(
                f"{precision.value}: a smaller file alone; its weights are floats again when it is "
                "loaded. A quantized model (edgeslim quantize) has int8 kernels"
            )


def _print_model_notes(each: Deployed, speedup: SpeedupRecord | None) -> None:
    if speedup is not None:
        low, high = speedup.interval
        print_lines(
            f"  {each.name} in {format_variant(each.precision, each.threads)} is "
            f"{speedup.ratio:.3f} times as fast as the baseline; another deployment of "
            f"{speedup.rounds} rounds would say {low:.3f} to {high:.3f} in {speedup.level:.0%} "
            "of all cases"
        )
    if each.without_meaning:
        print_lines(
            f"  {each.name} for {each.target.value} is proved by the {each.proved_by[0]} alone: "
            f"{', '.join(each.without_meaning)}"
        )
    if missing(each):
        print_lines("  there is no prediction, for the table lacks:")
        print_lines(*(f"    {operator}" for operator in missing(each)))
    if each.sustained is not None:
        _over_time(each.sustained)
    if each.speed is not None and abs(each.speed - 1) > _NOTABLE_SPEED:
        faster = "faster" if each.speed > 1 else "slower"
        print_lines(
            f"  the device is {abs(each.speed - 1):.0%} {faster} now than when its table was "
            "measured"
        )


def _print_judgement(done: Deployment) -> None:
    """Why predicted and measured differ, and the limits that are met; others are errors."""
    if done.record is None:
        return
    for reason in done.record.reasons:
        print_lines(f"why predicted and measured differ: {reason}")
    for gate in done.record.gates:
        if gate.met and gate.line not in done.warnings:
            print_lines(f"{gate.asked} is met: {gate.line}")


def _over_time(sustained: Sustained) -> None:
    """Latency over time, window by window."""
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


def _cells(each: Deployed, speedup: SpeedupRecord | None) -> dict[str, str]:
    """Text of each column."""
    predicted, difference = each.prediction, each.difference
    top1 = None if difference is None else difference.top1
    return {
        "model": each.name,
        "target": each.target.value,
        "precision": each.precision.value,
        "kernels": ", ".join(each.computes_in),
        "threads": "" if each.threads is None else str(each.threads),
        "MB": f"{each.size_bytes / 1e6:.2f}",
        "predicted": (
            "" if predicted is None or predicted.missing else format_ms(predicted.total_ms)
        ),
        "measured": "" if each.measurement is None else format_ms(each.measurement.latency_ms),
        "error": "" if each.error_percent is None else f"{each.error_percent:+.1f} %",
        "limit": "" if each.target_ms is None else format_ms(each.target_ms),
        "met": {None: "", True: "yes", False: "NO"}[each.met_target],
        "outputs off": "" if difference is None else f"{difference.max_rel:.1e}",
        "variance lost": "" if difference is None else f"{difference.lost:.1e}",
        "same top-1": "" if top1 is None else f"{top1:.0%}",
        "fastest": "<--" if each.fastest else "",
        _SPEEDUP: (
            ""
            if speedup is None
            else f"{speedup.ratio:.3f} ({speedup.interval[0]:.3f}-{speedup.interval[1]:.3f})"
        ),
    }


def document(done: Deployment) -> dict[str, object]:
    """All of it; the samples are in the record."""
    fastest = next((each for each in done.models if each.fastest), None)
    speedup = None if fastest is None else done.speedup(fastest)
    record = done.record
    return {
        "models": [
            _model_document(each) | _speedup_document(done.speedup(each)) for each in done.models
        ],
        "baseline": _model_document(done.baselines[0]) if done.baselines else None,
        "baselines": [_model_document(each) for each in done.baselines],
        **_speedup_document(speedup),
        "inputs": None if record is None else record.inputs,
        "record": done.history,
        "record_id": None if record is None else record.id,
        "gates": [] if record is None else list(record.gates),
        "reasons": [] if record is None else list(record.reasons),
        "failed": [
            {
                "name": each.name,
                "target": each.target.value,
                "precision": each.precision.value,
                "threads": each.threads,
                "reason": each.reason,
            }
            for each in done.failed
        ],
        "warnings": list(done.warnings),
    }


def _speedup_document(speedup: SpeedupRecord | None) -> dict[str, object]:
    return {
        "speedup": None if speedup is None else speedup.ratio,
        "speedup_interval": None if speedup is None else speedup.interval,
    }


def _model_document(each: Deployed) -> dict[str, object]:
    measured, predicted, difference = each.measurement, each.prediction, each.difference
    complete = predicted is not None and not predicted.missing
    return {
        "name": each.name,
        "optimized": each.optimized,
        "target": each.target.value,
        "precision": each.precision.value,
        "kernels": list(each.computes_in),
        "threads": each.threads,
        "fastest": each.fastest,
        "size_bytes": each.size_bytes,
        "predicted_ms": predicted.total_ms if predicted and complete else None,
        "interval_ms": predicted.interval_ms if predicted and complete else None,
        "missing": missing(each),
        "measured_ms": None if measured is None else measured.latency_ms,
        "measured_p90_ms": None if measured is None else measured.p90_ms,
        "samples": 0 if measured is None else len(measured.samples_ns),
        "error_percent": each.error_percent,
        "speed": each.speed,
        "output_max_abs_error": None if difference is None else difference.max_abs,
        "output_max_rel_error": None if difference is None else difference.max_rel,
        "output_variance_lost": None if difference is None else difference.lost,
        "output_wrong_share": None if difference is None else difference.wrong,
        "output_same_top1": None if difference is None else difference.top1,
        "proved_by": list(each.proved_by),
        "without_meaning": list(each.without_meaning),
        "unproved": list(each.unproved),
        "sustained": None if each.sustained is None else _sustained_document(each.sustained),
        "target_ms": each.target_ms,
        "met_target": each.met_target,
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
