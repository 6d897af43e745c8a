"""A residual network of basic blocks as a value (https://arxiv.org/abs/1512.03385)."""

from __future__ import annotations

from dataclasses import dataclass

from edgeslim.errors import UsageError

__all__ = ["BasicStage", "ResNetArchitecture"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BasicStage:
    """Basic blocks of one width.

    Args:
        width: Number of channels that each block writes, and all but the first read.
        middle: Width between the two convolutions of a block.
        blocks: Number of blocks in the stage.
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
    """Everything that decides a network, except channels of the input and classes.

    Args:
        stages: The stages; all but the first halve the sides of the map, and the stem is as wide
            as the first.
        is_small: Whether the stem is a 3x3 convolution at full size, and not the original's
            7x7 with stride 2 and a pooling with stride 2.
    """

    stages: tuple[BasicStage, ...]
    is_small: bool = False
