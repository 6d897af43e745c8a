"""What networks of images can read, and how small images enter them."""

from __future__ import annotations

from edgeslim.errors import UsageError
from edgeslim.opspec import Shape

__all__ = ["check_input", "is_small"]

_SMALL = 64


def is_small(input_shape: Shape) -> bool:
    """Whether a side of the input is under 64: such images go through the stem at full size."""
    return min(input_shape[2:]) < _SMALL


def check_input(name: str, input_shape: Shape, num_classes: int) -> None:
    """Checks that networks which classify images, or what is in them, can be built for an input.

    Raises:
        UsageError: Says what is wrong.
    """
    if len(input_shape) != 4:
        raise UsageError(f"the input of {name} is N,C,H,W, not {input_shape}")
    if num_classes < 2:
        raise UsageError(f"{name} needs at least 2 classes, not {num_classes}")
