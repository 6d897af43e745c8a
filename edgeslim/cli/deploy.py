"""``edgeslim deploy``: convert, prove right, measure, and compare with the prediction."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeslim.cli.options import (
    FixedPerformance,
    Host,
    LockFrequency,
    Port,
    Power,
    Serial,
    StayOn,
    Threads,
    device_choice,
    settings_choice,
    shapes,
)
from edgeslim.cli.output import GAPS, Json, print_json, print_lines, print_table
from edgeslim.cli.progress import terminal_progress
from edgeslim.deployment.deploy import Deployed, Deployment, convert, deploy
from edgeslim.deployment.sustained import Sustained
from edgeslim.durations import format_ms, parse_s
from edgeslim.errors import UsageError
from edgeslim.execution import Target

__all__ = ["command"]

_NOTABLE_SPEED = 0.03


def command(
    model: Annotated[
        str | None,
        typer.Argument(help="A model or a search's folder; by default the newest under runs/."),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="Name of the device's profile; else a search's, or host."),
    ] = None,
    table: Annotated[Path | None, typer.Option(help="Table to predict with.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the optimized model.")] = None,
    input_shape: Annotated[
        list[str] | None, typer.Option(help="Shape of an open input: 1,3,224,224 or name=...")
    ] = None,
    serial: Serial = None,
    host: Host = None,
    port: Port = None,
    threads: Threads = None,
    power_mode: Power = None,
    stay_on: StayOn = None,
    fixed_performance: FixedPerformance = None,
    lock_frequency: LockFrequency = None,
    sustained: Annotated[
        str | None, typer.Option(help="Run it so long without a pause as well: 10min.")
    ] = None,
    convert_only: Annotated[
        list[Target] | None,
        typer.Option(help="Only convert, for this target; may be given several times."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Convert a model, compare its outputs with Paddle's, and measure it on a device.

    Example: edgeslim deploy mobilenet-v2 --device host --table host.jsonl
    """
    if convert_only:
        if model is None:
            raise UsageError("--convert-only needs a model")
        done = convert(model, convert_only, out=out, input_shapes=shapes(input_shape))
    else:
        settings = settings_choice(stay_on, fixed_performance, lock_frequency)
        done = deploy(
            model,
            device=device_choice(device, serial, host, port, threads, power_mode, settings),
            table=table,
            out=out,
            input_shapes=shapes(input_shape),
            sustained_s=None if sustained is None else parse_s(sustained),
            progress=terminal_progress(),
        )
    if as_json:
        print_json({"models": [_document(each) for each in done.models]})
    else:
        _print(done)
    if any(_missing(each) for each in done.models):
        raise typer.Exit(GAPS)


def _missing(each: Deployed) -> list[str]:
    """Operators that the table lacks, by their description."""
    return [] if each.prediction is None else [str(spec) for spec in each.prediction.missing]


def _print(done: Deployment) -> None:
    print_table(
        ["model", "target", "MB", "predicted", "measured", "error", "limit", "met", "outputs off"],
        [_row(each) for each in done.models],
    )
    for each in done.models:
        print_lines(f"{each.name}: {each.optimized}")
        if _missing(each):
            print_lines("  there is no prediction, for the table lacks:")
            print_lines(*(f"    {operator}" for operator in _missing(each)))
        if each.sustained is not None:
            _over_time(each.sustained)
        if each.speed is not None and abs(each.speed - 1) > _NOTABLE_SPEED:
            faster = "faster" if each.speed > 1 else "slower"
            print_lines(
                f"  the device is {abs(each.speed - 1):.0%} {faster} now than when its table was "
                "measured"
            )


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


def _row(each: Deployed) -> list[str]:
    predicted = each.prediction
    return [
        each.name,
        each.target.value,
        f"{each.size_bytes / 1e6:.2f}",
        "" if predicted is None or predicted.missing else format_ms(predicted.total_ms),
        "" if each.measurement is None else format_ms(each.measurement.latency_ms),
        "" if each.error_percent is None else f"{each.error_percent:+.1f} %",
        "" if each.target_ms is None else format_ms(each.target_ms),
        {None: "", True: "yes", False: "NO"}[each.met_target],
        "" if each.difference is None else f"{each.difference.max_rel:.1e}",
    ]


def _document(each: Deployed) -> dict[str, object]:
    measured, predicted, difference = each.measurement, each.prediction, each.difference
    complete = predicted is not None and not predicted.missing
    return {
        "name": each.name,
        "optimized": each.optimized,
        "target": each.target.value,
        "size_bytes": each.size_bytes,
        "predicted_ms": predicted.total_ms if predicted and complete else None,
        "interval_ms": predicted.interval_ms if predicted and complete else None,
        "missing": _missing(each),
        "measured_ms": None if measured is None else measured.latency_ms,
        "measured_p90_ms": None if measured is None else measured.p90_ms,
        "samples": 0 if measured is None else len(measured.samples_ns),
        "error_percent": each.error_percent,
        "speed": each.speed,
        "output_max_abs_error": None if difference is None else difference.max_abs,
        "output_max_rel_error": None if difference is None else difference.max_rel,
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
