"""A search space as a user writes one: few tokens, values in no order, a parameter used twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgeslim.errors import UsageError
from edgeslim.opspec import Attributes, OpSpec, Shapes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeslim.execution import Target
    from edgeslim.spaces import Segment, Tokens

__all__ = ["OwnSpace"]


@dataclass(frozen=True)
class OwnSpace:
    """Two convolutions and a classifier.

    Args:
        channels: What the first token chooses between.
        mixed: Whether the second token makes one parameter now a filter and now a matrix.
    """

    channels: tuple[int, ...] = (8, 16, 4)
    mixed: bool = False
    name: str = "own"
    input_shape: tuple[int, ...] = (1, 1, 8, 8)
    num_classes: int = 10
    initial_tokens: tuple[int, ...] = (0, 0)

    @property
    def ranges(self) -> tuple[int, ...]:
        return (len(self.channels), 2)

    def check(self, tokens: Sequence[int]) -> Tokens:
        if len(tokens) != 2 or tokens[0] not in range(len(self.channels)) or tokens[1] > 1:
            raise UsageError(f"{tokens} are no tokens of {self.name}")
        return tuple(tokens)

    def build(self, tokens: Tokens) -> Any:
        from paddle import nn

        width, kernel = self.channels[tokens[0]], (3, 5)[tokens[1]]
        first: Any = nn.Conv2D(1, width, kernel, padding=kernel // 2)
        if self.mixed and tokens[1]:
            first = nn.Linear(8, 8)
        again = nn.Conv2D(width, width, 3, padding=1)
        twice = nn.Conv2D(width, width, 3, padding=1)
        twice.weight = again.weight
        return nn.Sequential(
            *(first, nn.BatchNorm2D(width), nn.ReLU(), nn.MaxPool2D(2)),
            *(again, nn.BatchNorm2D(width), nn.ReLU(), twice, nn.BatchNorm2D(width), nn.ReLU()),
            *(nn.Dropout2D(0.05), nn.Flatten(), nn.Linear(width * 16, self.num_classes)),
        )

    def operators(self, tokens: Tokens, target: Target | None) -> tuple[OpSpec, ...]:
        width, kernel = self.channels[tokens[0]], (3, 5)[tokens[1]]
        shapes = ((1, 1, kernel, 8), (1, width, 3, 4), (1, width, 3, 4))
        return tuple(_convolution(width, *shape[1:]) for shape in shapes)

    def segments(self, target: Target | None) -> tuple[Segment, ...]:
        raise NotImplementedError


def _convolution(width: int, c_in: int, kernel: int, side: int) -> OpSpec:
    return OpSpec(
        kind="conv2d",
        inputs=Shapes(Input=((1, c_in, side, side),)),
        weights=Shapes(Filter=((width, c_in, kernel, kernel),)),
        outputs=Shapes(Output=((1, width, side, side),)),
        attributes=Attributes(),
    )
