"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeslim.conversion.model_source import parse_input_shapes, parse_only_shape
from edgeslim.opspec import Shape

__all__ = [
    "InputShape",
    "Laws",
    "Seed",
    "SpaceInput",
    "TaskName",
    "only_shape",
    "shapes",
]

Laws = Annotated[
    Path | None,
    typer.Option(help="TOML file with laws of another version of Paddle-Lite's kernels."),
]
Seed = Annotated[int, typer.Option(help="Seed of everything random.")]
SpaceInput = Annotated[
    list[str] | None, typer.Option(help="Input shape of the networks: 1,3,224,224.")
]
InputShape = Annotated[
    list[str] | None, typer.Option(help="Input shape of the network: 1,3,224,224.")
]
TaskName = Annotated[
    str,
    typer.Option("--task", help="NAME, NAME:FOLDER with its images, or file.py of your own."),
]


def shapes(texts: list[str] | None) -> dict[str, Shape]:
    """The shapes of ``--input-shape``, by name."""
    return parse_input_shapes(texts or [])


def only_shape(texts: list[str] | None, *, of: str = "a space") -> Shape | None:
    """The only shape of ``--input-shape``, for networks whose one input needs no name."""
    return parse_only_shape(texts or [], of=of)
