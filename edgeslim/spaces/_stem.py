"""How large images enter the networks whose originals were made for large ones."""

from __future__ import annotations

from edgeslim.opspec import Shape

__all__ = ["is_small"]

_SMALL = 64


def is_small(input_shape: Shape) -> bool:
    """Whether a side of the input is under 64: such images go through the stem at full size."""
    return min(input_shape[2:]) < _SMALL
