"""``edgeslim inspect``: lists what a model is made of, and what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeslim.cli.met_laws import met_document, print_met
from edgeslim.cli.output import GAPS, Json, print_json, print_lines, print_table
from edgeslim.cli.request_options import with_options
from edgeslim.conversion.inspect_model import Inspection, InspectRequest, inspect
from edgeslim.counts import format_count
from edgeslim.files import write_bytes
from edgeslim.reporting.network_drawing import check_drawing, draw

__all__ = ["command"]


@with_options
def command(
    request: InspectRequest,
    graph: Annotated[
        Path | None, typer.Option(help="Draw the network with its channel groups: an .svg file.")
    ] = None,
    feature_maps: Annotated[
        bool, typer.Option("--feature-maps", help="List what distillation can compare, by name.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what a model costs and list its parameters.

    With --target, also list which laws of the target it meets (edgeslim targets) and what is done
    about each operator: it is rewritten, or refused. Exits with 3 if one is refused.

    Example: edgeslim inspect mobilenet-v2 --match '.*[r|d]_weights'

    Example: edgeslim inspect my_model --target arm --precisions fp32,fp16
    """
    if graph is not None:
        check_drawing(graph)
    found = inspect(request)
    if graph is not None:
        write_bytes(graph, _drawing(found, request.match).encode())
    if as_json:
        print_json(_document(found))
    else:
        _print(found, request.match, feature_maps=feature_maps)
        if request.targets:
            print_met(found)
    if found.refusals:
        raise typer.Exit(GAPS)


def _print(found: Inspection, match: str, *, feature_maps: bool) -> None:
    """Prints tables of costs, operators and parameters."""
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
    if feature_maps:
        print_lines("", f"{format_count(len(found.graph.feature_maps), 'feature map')}:")
        print_table(
            ["feature map", "shape"],
            [[name, "x".join(map(str, s))] for name, s in found.graph.feature_maps.items()],
        )
    if match:
        matching = format_count(
            len(found.parameter_shapes), "parameter matches", "parameters match"
        )
        print_lines("", f"{matching} {match!r}:")
        print_table(
            ["parameter", "shape"],
            [[name, "x".join(map(str, s))] for name, s in found.parameter_shapes.items()],
        )


def _print_channels(found: Inspection, match: str) -> None:
    """Prints all channel groups, or the chosen ones, and what cannot be pruned."""
    groups = [group for group in found.channels.groups if not match or group.name in found.chosen]
    title = f"chosen by {match!r}" if match else "whose channels can be pruned"
    print_lines("", f"{format_count(len(groups), 'group')} of weights {title}, each as one:")
    print_table(
        ["group", "channels", "weights", "why together"],
        [
            [group.name, str(group.width), _few(group.producers), "; ".join(group.why)]
            for group in groups
        ],
    )
    fixed = found.not_prunable if match else found.channels.fixed
    if fixed:
        print_lines("", "not to be pruned:")
        print_table(["parameter", "reason"], [[name, reason] for name, reason in fixed.items()])


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _drawing(found: Inspection, match: str) -> str:
    """Draws the network with all channel groups, or the chosen ones, in colour."""
    return draw(
        found.graph,
        found.channels,
        title=f"{found.name}, {match!r}" if match else found.name,
        groups=found.chosen if match else [group.name for group in found.channels.groups],
        matched=tuple(found.parameter_shapes) if match else (),
    )


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
        "feature_maps": found.graph.feature_maps,
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
        "laws": met_document(found),
    }
