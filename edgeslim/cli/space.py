"""``edgeslim space``: search spaces, and networks built from their tokens."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from edgeslim.cli.options import only_shape
from edgeslim.cli.output import Json, print_json, print_lines, print_table
from edgeslim.conversion.build_network import build_network
from edgeslim.spaces import SPACES, parse_tokens

__all__ = ["app"]

app = typer.Typer(help="Search spaces and their networks.", no_args_is_help=True)


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


@app.command("build")
def build(
    space: Annotated[str, typer.Argument(help="The search space.")],
    tokens: Annotated[str, typer.Option(help="The network's tokens: 3,1,1,0,1,0,...")],
    out: Annotated[Path, typer.Option(help="Folder for the saved model.")],
    input_shape: Annotated[
        list[str] | None, typer.Option(help="Input of the network: 1,3,224,224.")
    ] = None,
    classes: Annotated[int | None, typer.Option(help="Width of its output.")] = None,
    as_json: Json = False,
) -> None:
    """Build a network from its tokens and save it as an inference model.

    Example: edgeslim space build light-nas-small --tokens 1,1,1,0,1,0,1,1,1,0,1,0,1,1,1,0,1,0
    --out net
    """
    folder = build_network(
        space,
        parse_tokens(tokens),
        out,
        input_shape=only_shape(input_shape),
        num_classes=classes,
    )
    if as_json:
        print_json({"model": folder})
    else:
        print_lines(f"saved in {folder}")
