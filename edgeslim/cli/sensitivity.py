"""``edgeslim sensitivity``: measures the loss of accuracy that each channel group causes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from edgeslim.cli.output import Json, print_json, print_lines, print_table
from edgeslim.cli.request_options import with_options
from edgeslim.pictures import check_picture
from edgeslim.pruning.paddlex_rule import trade_off
from edgeslim.pruning.plot_sensitivity import plot_sensitivities
from edgeslim.pruning.sensitivity import SensitivityRequest, SensitivityResult, sensitivity

__all__ = ["command"]

TradeOff = Sequence[tuple[float, float]]

_SHOWN_LOSSES = (0.05, 0.1, 0.2)


@with_options
def command(
    request: SensitivityRequest,
    plot: Annotated[
        Path | None, typer.Option(help="Picture of each group's losses: PNG or SVG.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure the accuracy a model loses when channels of one group are removed, group by group.

    Example: edgeslim sensitivity model --task digits --ratios 0.2,0.4,0.6,0.8 --plot groups.png
    """
    if plot is not None:
        check_picture(plot)
    result = sensitivity(request)
    removed = trade_off(result.sensitivities.points, result.graph, result.channels)
    if plot is not None:
        plot_sensitivities(result.sensitivities, removed, plot)
    if as_json:
        print_json(_document(result, removed))
    else:
        _print(result, removed)


def _print(result: SensitivityResult, removed: TradeOff) -> None:
    context, points = result.sensitivities.context, result.sensitivities.points
    columns = sorted({point.ratio for group in points.values() for point in group})
    losses = {name: {point.ratio: point for point in group} for name, group in points.items()}
    print_table(
        ["group", "channels", *(f"-{ratio:.4g}" for ratio in columns)],
        [
            [
                name,
                str(next(iter(known.values())).channels),
                *(f"{known[r].relative_loss:.1%}" if r in known else "" for r in columns),
            ]
            for name, known in losses.items()
        ],
    )
    print_lines(
        "",
        f"share of the {context.metric} lost; the whole model's is {context.baseline:.4f} on "
        f"{context.task} ({result.baseline.about})",
        f"losses below {result.noise:.1%} are not significant with so many examples",
    )
    shown = [
        f"{share:.1%} for {allowed:.0%}" for allowed, share in removed if allowed in _SHOWN_LOSSES
    ]
    print_lines(
        f"parameters removed if each group alone may lose so much: {', '.join(shown)}",
        f"in {result.file}",
    )


def _document(result: SensitivityResult, removed: TradeOff) -> dict[str, object]:
    context = result.sensitivities.context
    return {
        "file": result.file,
        "task": context.task,
        "metric": context.metric,
        "baseline": context.baseline,
        "criterion": context.criterion,
        "examples": context.examples,
        "baseline_judged": msgspec.to_builtins(result.baseline),
        "noise": result.noise,
        "sensitivities": {
            name: [
                {
                    "ratio": point.ratio,
                    "width": point.width,
                    "channels": point.channels,
                    "metric": point.metric,
                    "loss": point.loss,
                    "relative_loss": point.relative_loss,
                }
                for point in points
            ]
            for name, points in result.sensitivities.points.items()
        },
        "trade_off": [{"allowed_loss": allowed, "removed": share} for allowed, share in removed],
    }
