"""Options that give the shapes of a model's inputs."""

from __future__ import annotations

from functools import partial

from edgeslim.conversion.model_source import parse_input_shapes, parse_only_shape
from edgeslim.options import OPTION

__all__ = ["INPUT_SHAPES", "ONLY_SHAPE", "SPACE_SHAPE"]

INPUT_SHAPES = OPTION("--input-shape", parse_all=parse_input_shapes)
"""The shapes of open inputs, by name."""
ONLY_SHAPE = OPTION(parse_all=parse_only_shape)
"""The input shape of a model with one input."""
SPACE_SHAPE = OPTION(parse_all=partial(parse_only_shape, of="a space"))
"""The input shape of the networks of a space."""
