"""``edgeslim predict``: latency of a model from a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeslim.cli.options import shapes
from edgeslim.cli.output import Json, print_json, print_lines, print_table
from edgeslim.durations import format_ms
from edgeslim.prediction.predict_model import predict
from edgeslim.prediction.predictor import Prediction

__all__ = ["command"]

_GAPS = 3


def command(
    model: Annotated[str, typer.Argument(help="Saved model, file.py:function, or a name.")],
    table: Annotated[Path, typer.Option(help="Latency table of the device.")],
    input_shape: Annotated[
        list[str] | None, typer.Option(help="Shape of an open input: 1,3,224,224 or name=...")
    ] = None,
    as_json: Json = False,
) -> None:
    """Predict a model's latency, operator by operator; what the table lacks is listed.

    Example: edgeslim predict mobilenet-v2 --table host.jsonl
    """
    prediction = predict(model, table, input_shapes=shapes(input_shape))
    if as_json:
        print_json(_document(prediction))
    else:
        _print(prediction)
    if prediction.missing or prediction.left_out:
        raise typer.Exit(_GAPS)


def _print(prediction: Prediction) -> None:
    print_table(
        ["operator", "latency", "share", "source"],
        [
            [
                str(each.spec),
                "-" if each.latency_ms is None else format_ms(each.latency_ms),
                "-"
                if each.latency_ms is None
                else f"{each.latency_ms / max(prediction.total_ms, 1e-12):.1%}",
                each.source.value if each.stable else f"{each.source.value}, unstable",
            ]
            for each in prediction.operators
        ],
    )
    low, high = prediction.interval_ms
    print_lines(
        "",
        f"total {format_ms(prediction.total_ms)}, 90 % between {format_ms(low)} and "
        f"{format_ms(high)}; {prediction.coverage:.0%} of the operators are in the table",
    )
    if prediction.missing:
        print_lines("the total leaves out:", *(f"  {spec}" for spec in prediction.missing))
    if prediction.left_out:
        kinds = ", ".join(f"{count} {kind}" for kind, count in prediction.left_out.items())
        print_lines(f"tables of this convention leave out: {kinds}")


def _document(prediction: Prediction) -> dict[str, object]:
    return {
        "total_ms": prediction.total_ms,
        "interval_ms": prediction.interval_ms,
        "coverage": prediction.coverage,
        "left_out": prediction.left_out,
        "operators": [
            {
                "operator": str(each.spec),
                "kind": each.spec.kind,
                "latency_ms": each.latency_ms,
                "source": each.source.value,
                "stable": each.stable,
            }
            for each in prediction.operators
        ],
    }
