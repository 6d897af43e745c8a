"""How a network by name is declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from paddle import nn

    from edgeslim.opspec import Shape

__all__ = ["ModelEntry"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelEntry:
    """A network by name: how it is built and what it reads.

    Args:
        build: Builds the network with fresh weights, for a number of classes, the background
            among them if it has one.
        input_shape: Input shape that it was designed for, ``(N, C, H, W)``; ``C`` is fixed by the
            weights, ``H`` and ``W`` may be others.
        num_classes: Number of classes by default, without the background.
        has_background: Whether it is built for one class more, the background.
        summary: One line about the network, for lists of models.
    """

    build: Callable[[int], nn.Layer]
    summary: str
    input_shape: Shape = (1, 3, 224, 224)
    num_classes: int = 1000
    has_background: bool = False

    def __post_init__(self) -> None:
        if len(self.input_shape) != 4 or min(self.input_shape) < 1:
            raise UsageError(f"input_shape must be (N, C, H, W), not {self.input_shape}")
        if self.num_classes < 1:
            raise UsageError(f"num_classes must be at least 1, not {self.num_classes}")

    def for_classes(self, num_classes: int | None = None) -> nn.Layer:
        """Builds the network for a task's number of classes, or for the original's."""
        return self.build((num_classes or self.num_classes) + self.has_background)
