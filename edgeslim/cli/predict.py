"""``edgeslim predict``: predicts the latency of a model from a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from edgeslim.cli.output import GAPS, Json, print_json, print_lines, print_table
from edgeslim.cli.request_options import with_options
from edgeslim.durations import format_ms
from edgeslim.pictures import check_picture
from edgeslim.prediction.family_model import NORMAL_90
from edgeslim.prediction.plot import plot_prediction
from edgeslim.prediction.predict_model import PredictRequest, predict
from edgeslim.prediction.predictor import OperatorLatency, Prediction, Source
from edgeslim.prediction.start_predictor import Quantity, StartPrediction
from edgeslim.tables.only_table import find_only_table

__all__ = ["command"]


@with_options
def command(
    request: PredictRequest,
    plot: Annotated[
        Path | None, typer.Option(help="Picture of where the time goes: PNG or SVG.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Predict a model's latency, operator by operator, and how it starts.

    What the table lacks is listed.

    Example: edgeslim predict mobilenet-v2 --table host.jsonl --plot mobilenet-v2.png
    """
    if plot is not None:
        check_picture(plot)
    table = request.table or find_only_table()
    prediction = predict(replace(request, table=table))
    if plot is not None:
        title = f"{request.model}, predicted from {table.name}"
        plot_prediction(prediction, plot, title=title)
    if as_json:
        print_json(_document(prediction))
    else:
        _print(prediction)
    if prediction.missing or prediction.excluded_kinds:
        raise typer.Exit(GAPS)


def _print(prediction: Prediction) -> None:
    print_table(
        ["operator", "latency", "share", "source"],
        [
            [
                str(operator.spec),
                "-" if operator.latency_ms is None else format_ms(operator.latency_ms),
                "-"
                if operator.latency_ms is None
                else f"{operator.latency_ms / max(prediction.total_ms, 1e-12):.1%}",
                _source(operator),
            ]
            for operator in prediction.operators
        ],
    )
    counts = Counter(operator.source.value for operator in prediction.operators)
    unsteady = sum(bool(operator.unsteady) for operator in prediction.operators)
    print_lines(
        "",
        f"total {format_ms(prediction.total_ms)}{_interval(prediction)}",
        *_run_lines(prediction),
        *_fused_lines(prediction),
        "operators: " + ", ".join(f"{count} {source}" for source, count in counts.items()),
    )
    print_lines(*_start_lines(prediction.start))
    origins = Counter(operator.origin for operator in prediction.operators if operator.origin)
    for origin, count in origins.items():
        print_lines(f"{count} of them are transferred from {origin}")
    if unsteady:
        print_lines(f"{unsteady} of them were unsteady when they were measured")
    if prediction.missing:
        print_lines("the total leaves out:", *(f"  {spec}" for spec in prediction.missing))
    if prediction.excluded_kinds:
        kinds = ", ".join(f"{count} {kind}" for kind, count in prediction.excluded_kinds.items())
        print_lines(f"tables of this convention leave out: {kinds}")


def _interval(prediction: Prediction) -> str:
    if prediction.interval_ms is None:
        return (
            "; it has no interval, since the table has fewer than three whole networks: edgeslim "
            "profile --model or --space measures some"
        )
    low, high = prediction.interval_ms
    return f", 90 % between {format_ms(low)} and {format_ms(high)}"


def _run_lines(prediction: Prediction) -> tuple[str, ...]:
    """The part of the latency that no operator takes, if the device has such."""
    if not prediction.run_ms:
        return ()
    return (f"of that, a run takes {format_ms(prediction.run_ms)} whatever the network",)


_QUANTITIES: dict[str, tuple[str, Callable[[float], str]]] = {
    "memory_mb": ("memory of runtime and model", "{:.1f} MB".format),
    "load_ms": ("load, warm", format_ms),
    "cold_load_ms": ("load, cold", format_ms),
    "first_run_ms": ("first run", format_ms),
}


def _start_lines(start: StartPrediction | None) -> Iterator[str]:
    """How the network starts, or why that is not predicted."""
    if start is None:
        return
    for field, (name, write) in _QUANTITIES.items():
        quantity: Quantity | None = getattr(start, field)
        if quantity is not None:
            low, high = quantity.interval
            yield f"{name} {write(quantity.value)}, 90 % between {write(low)} and {write(high)}"
    if start.reason:
        yield f"of its start, not all is predicted: {start.reason}"


def _start_document(start: StartPrediction | None) -> dict[str, object] | None:
    if start is None:
        return None
    found: dict[str, object] = {"reason": start.reason or None}
    for field in _QUANTITIES:
        quantity: Quantity | None = getattr(start, field)
        found[field] = None if quantity is None else quantity.value
        name, _, unit = field.rpartition("_")
        found[f"{name}_interval_{unit}"] = None if quantity is None else quantity.interval
    return found


def _fused_lines(prediction: Prediction) -> tuple[str, ...]:
    """For a table of operators before fusion: the latency of the operators after fusion."""
    if prediction.fused_ms is None:
        return ()
    fused = format_ms(prediction.fused_ms)
    return (
        "this is the sum over the operators before fusion, as PaddleSlim 1.x counts them",
        f"the operators after fusion take {fused} by the same table",
    )


def _source(operator: OperatorLatency) -> str:
    if operator.source is Source.INTERPOLATED:
        return f"interpolated, +-{NORMAL_90 * operator.error:.0%}"
    if operator.source is Source.TRANSFERRED:
        return f"transferred, +-{NORMAL_90 * operator.error:.0%}"
    if operator.source is Source.FITTED:
        return f"fitted, +-{NORMAL_90 * operator.error:.0%}"
    return f"{operator.source.value}{', unsteady' if operator.unsteady else ''}"


def _document(prediction: Prediction) -> dict[str, object]:
    return {
        "total_ms": prediction.total_ms,
        "interval_ms": prediction.interval_ms,
        "run_ms": prediction.run_ms,
        "fused_ms": prediction.fused_ms,
        "start": _start_document(prediction.start),
        "coverage": prediction.coverage,
        "left_out": prediction.excluded_kinds,
        "operators": [
            {
                "operator": str(operator.spec),
                "kind": operator.spec.kind,
                "latency_ms": operator.latency_ms,
                "source": operator.source.value,
                "error": operator.error,
                "unsteady": operator.unsteady,
                "transferred_from": operator.origin or None,
            }
            for operator in prediction.operators
        ],
    }
