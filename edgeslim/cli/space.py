"""``edgeslim space``: lists search spaces, and builds networks from tokens."""

from __future__ import annotations

import math
from dataclasses import asdict

import typer

from edgeslim.cli import agreement
from edgeslim.cli.output import GAPS, Json, print_json, print_lines, print_table
from edgeslim.cli.request_options import with_options
from edgeslim.conversion.build_network import BuildRequest, build_network
from edgeslim.durations import format_ms
from edgeslim.searching.largest import LargestRequest, largest
from edgeslim.spaces import SPACES

__all__ = ["app"]


app = typer.Typer(
    help="Search spaces and their networks.", no_args_is_help=True, add_completion=False
)
app.command("agreement")(agreement.command)


@app.command("list")
def list_spaces(as_json: Json = False) -> None:
    """List the search spaces.

    Example: edgeslim space list
    """
    families = SPACES.members()
    if as_json:
        print_json(
            {
                "spaces": [
                    {
                        "name": name,
                        "summary": family.summary,
                        "ranges": family.space().ranges,
                        "input_shape": family.input_shape,
                        "num_classes": family.num_classes,
                    }
                    for name, family in families.items()
                ]
            }
        )
        return
    print_table(
        ["space", "tokens", "networks", ""],
        [
            [
                name,
                str(len(family.space().ranges)),
                f"{math.prod(family.space().ranges):.2g}",
                family.summary,
            ]
            for name, family in families.items()
        ],
    )


@app.command("largest")
@with_options
def show_largest(request: LargestRequest, as_json: Json = False) -> None:
    """List the networks that do the most work within a latency, by a table alone.

    Nothing is built, trained or measured: this is a first look at what a device allows.

    Example: edgeslim space largest blazeface --target-latency 15ms
    --table latency_tables/snapdragon-855/latency_855.jsonl
    """
    found = largest(request)
    if as_json:
        print_json(
            {
                "networks": [asdict(network) for network in found.networks],
                "whole_space": found.whole_space,
                "left_out": found.left_out,
            }
        )
    else:
        print_table(
            ["MACs", "predicted", "tokens"],
            [
                [
                    f"{network.macs:,}",
                    format_ms(network.predicted_ms),
                    ",".join(map(str, network.tokens)),
                ]
                for network in found.networks
            ],
        )
        if not found.whole_space:
            print_lines("the space is too large to look at all of it; others may be larger")
        if found.left_out:
            kinds = ", ".join(f"{count} {kind}" for kind, count in found.left_out.items())
            print_lines(f"tables of this convention leave out: {kinds}")
    if found.left_out:
        raise typer.Exit(GAPS)


@app.command("build")
@with_options
def build(request: BuildRequest, as_json: Json = False) -> None:
    """Build a network from its tokens and save it as an inference model.

    Example: edgeslim space build light-nas-small --tokens 1,1,1,0,1,0,1,1,1,0,1,0,1,1,1,0,1,0
    --out net
    """
    folder = build_network(request)
    if as_json:
        print_json({"model": folder})
    else:
        print_lines(f"saved in {folder}")
