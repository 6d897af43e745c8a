"""A residual network of basic blocks as a value (https://arxiv.org/abs/1512.03385)."""

from __future__ import annotations

from dataclasses import dataclass

from edgeslim.errors import UsageError

__all__ = ["BasicStage", "ResNetArchitecture"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BasicStage:
    """Basic blocks of one width.

    Args:
        width: What each block reads, but for the first, and writes.
        middle: Width between its two convolutions.
        blocks: How many there are.
    """

    width: int
    middle: int
    blocks: int

    def __post_init__(self) -> None:
        for name in ("width", "middle", "blocks"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ResNetArchitecture:
    """Everything that decides a network but channels of the input, and classes.

    Args:
        stages: Each but the first halves the sides of the map; the stem is as wide as the first.
        is_small: Whether the stem is a 3x3 convolution at full size, and not the original's
            7x7 with stride 2 and a pooling with stride 2.
    """

    stages: tuple[BasicStage, ...]
    is_small: bool = False
