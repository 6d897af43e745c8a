"""Random inputs for a program of which only the description is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeslim.paddle_io.feed_values import feed_bounds, feed_types
from edgeslim.paddle_io.program_graph import feed_shapes

__all__ = ["noise_for"]

_FEW = 2
"""Integers are below 2, which are valid indices for two rows or more."""


def noise_for(program: Any) -> dict[str, np.ndarray[Any, Any]]:  # noqa: ANN401 - a ProgramDesc
    """Noise for each input of a program with closed shapes, the same in every call.

    Args:
        program: The program's description, a ``ProgramDesc``.
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
    """NumPy's type of this name; float32 for types that NumPy does not have."""
    try:
        return np.dtype(name)
    except TypeError:
        return np.dtype("float32")
