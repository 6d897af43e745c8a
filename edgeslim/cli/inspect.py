"""``edgeslim inspect``: what a model is made of and what it costs."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeslim.cli.options import shapes
from edgeslim.cli.output import Json, print_json, print_lines, print_table
from edgeslim.conversion.inspect_model import Inspection, inspect

__all__ = ["command"]


def command(
    model: Annotated[str, typer.Argument(help="Saved model, file.py:function, or a name.")],
    match: Annotated[
        str, typer.Option(help="Regular expression: list the parameters whose names it matches.")
    ] = "",
    input_shape: Annotated[
        list[str] | None, typer.Option(help="Shape of an open input: 1,3,224,224 or name=...")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what a model costs and list its parameters.

    Example: edgeslim inspect mobilenet-v2 --match '.*[r|d]_weights'
    """
    found = inspect(model, match=match, input_shapes=shapes(input_shape))
    if as_json:
        print_json(_document(found))
        return
    print_lines(f"{found.name}: input {', '.join(map(str, found.inputs.values()))}")
    print_table(
        ["MACs", "parameters", "PaddleSlim 1.x FLOPs", "MB"],
        [
            [
                f"{found.macs:,}",
                f"{found.parameters:,}",
                f"{found.paddleslim1_flops:,}",
                f"{found.size_bytes / 1e6:.2f}",
            ]
        ],
    )
    print_lines("")
    print_table(["operator", "times"], [[k, str(v)] for k, v in found.operators.items()])
    _print_channels(found, match)
    if match:
        print_lines("", f"{len(found.parameter_shapes)} parameters match {match!r}:")
        print_table(
            ["parameter", "shape"],
            [[name, "x".join(map(str, s))] for name, s in found.parameter_shapes.items()],
        )


def _print_channels(found: Inspection, match: str) -> None:
    """Channel groups, or those that were chosen, and what cannot be pruned."""
    groups = [group for group in found.channels.groups if not match or group.name in found.chosen]
    title = f"chosen by {match!r}" if match else "whose channels can be pruned"
    print_lines("", f"{len(groups)} groups of weights {title}, each as one:")
    print_table(
        ["group", "channels", "weights", "why together"],
        [
            [each.name, str(each.width), _few(each.producers), "; ".join(each.why)]
            for each in groups
        ],
    )
    fixed = found.not_prunable if match else found.channels.fixed
    if fixed:
        print_lines("", "not to be pruned:")
        print_table(["parameter", "reason"], [[name, reason] for name, reason in fixed.items()])


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _document(found: Inspection) -> dict[str, object]:
    return {
        "model": found.name,
        "inputs": found.inputs,
        "macs": found.macs,
        "parameters": found.parameters,
        "paddleslim1_flops": found.paddleslim1_flops,
        "paddleslim1_flops_python3": found.paddleslim1_flops_python3,
        "size_bytes": found.size_bytes,
        "operators": found.operators,
        "parameter_shapes": found.parameter_shapes,
        "changes": found.changes,
        "groups": [
            {
                "name": group.name,
                "width": group.width,
                "producers": group.producers,
                "why": group.why,
            }
            for group in found.channels.groups
        ],
        "fixed": found.channels.fixed,
        "chosen": found.chosen,
        "not_prunable": found.not_prunable,
    }
