"""Something to run a program on, before anything is known of it but its description."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeslim.paddle_io.feed_values import feed_bounds, feed_types
from edgeslim.paddle_io.program_graph import feed_shapes

__all__ = ["noise_for"]

_FEW = 2
"""Whole numbers are 0 or 1, which are rows of whatever has two."""


def noise_for(program: Any) -> dict[str, np.ndarray[Any, Any]]:  # noqa: ANN401 - a ProgramDesc
    """The same noise every time for each input of a program with closed shapes, of its type.

    Args:
        program: Its description.
    """
    generator = np.random.default_rng(0)
    shapes = feed_shapes(program)
    types, bounds = feed_types(program, tuple(shapes)), feed_bounds(program, tuple(shapes))
    found = {}
    for name, shape in shapes.items():
        dtype = _dtype(types.get(name, "float32"))
        value = (
            generator.standard_normal(shape)
            if dtype.kind == "f"
            else generator.integers(0, min(_FEW, bounds.get(name, _FEW)), size=shape)
        )
        found[name] = value.astype(dtype)
    return found


def _dtype(name: str) -> np.dtype[Any]:
    """NumPy's own type; floats for what it has not, which nothing here computes with anyway."""
    try:
        return np.dtype(name)
    except TypeError:
        return np.dtype("float32")
