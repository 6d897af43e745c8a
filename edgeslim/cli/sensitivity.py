"""``edgeslim sensitivity``: measures the loss of accuracy that each channel group causes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from edgeslim.cli.options import TaskName, shapes
from edgeslim.cli.output import Json, print_json, print_lines, print_table
from edgeslim.cli.progress import terminal_progress
from edgeslim.errors import UsageError
from edgeslim.pictures import check_picture
from edgeslim.pruning.paddlex_rule import trade_off
from edgeslim.pruning.plot_sensitivity import plot_sensitivities
from edgeslim.pruning.sensitivity import DEFAULT_FILE, SensitivityResult, sensitivity
from edgeslim.pruning.sensitivity_points import DEFAULT_RATIOS

__all__ = ["command"]

TradeOff = Sequence[tuple[float, float]]

_SHOWN_LOSSES = (0.05, 0.1, 0.2)


def command(
    model: Annotated[str, typer.Argument(help="Saved model, file.py:function, or a name.")],
    task: TaskName,
    ratios: Annotated[
        str, typer.Option(help="Shares of a group's channels to remove: 0.2,0.4.")
    ] = ",".join(map(str, DEFAULT_RATIOS)),
    match: Annotated[
        str, typer.Option(help="Regular expression: only groups with a matching weight.")
    ] = "",
    criterion: Annotated[str, typer.Option(help="How the channels to remove are chosen.")] = "l1",
    eval_share: Annotated[
        float, typer.Option(help="Share of the validation examples that are used.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed that chooses the examples.")] = 0,
    input_shape: Annotated[
        list[str] | None, typer.Option(help="Shape of an open input: 1,3,224,224 or name=...")
    ] = None,
    out: Annotated[
        Path, typer.Option(help="The file; an unfinished one is continued.")
    ] = DEFAULT_FILE,
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
    result = sensitivity(
        model,
        task=task,
        ratios=_ratios(ratios),
        match=match,
        criterion=criterion,
        eval_share=eval_share,
        seed=seed,
        input_shapes=shapes(input_shape),
        out=out,
        progress=terminal_progress(),
    )
    removed = trade_off(result.sensitivities.points, result.graph, result.channels)
    if plot is not None:
        plot_sensitivities(result.sensitivities, removed, plot)
    if as_json:
        print_json(_document(result, removed))
    else:
        _print(result, removed)


def _ratios(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(ratio) for ratio in text.split(","))
    except ValueError as error:
        raise UsageError(f"{text!r} are not ratios; write them like 0.2,0.4,0.6,0.8") from error


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
