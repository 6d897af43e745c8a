"""Networks that meet the laws of targets, by the law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from paddle import nn

from edgeslim.opspec import Shape
from edgeslim.registry import Shelf

__all__ = ["FAMILIES", "Example"]


@dataclass(frozen=True, kw_only=True)
class Example:
    """A network that meets a law as Paddle saves it.

    Args:
        law: The law's name.
        build: Makes it anew.
        shape: Of its input.
        types: What the input is of.
    """

    law: str
    build: Callable[[], nn.Layer]
    shape: Shape = (1, 4, 8, 8)


FAMILIES: Shelf[tuple[Example, ...]] = Shelf(
    what="family of examples", package="tests.targets.examples", attribute="EXAMPLES"
)
"""Examples by the family of laws that they meet, file by file as the laws."""
