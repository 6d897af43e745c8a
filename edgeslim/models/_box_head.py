"""What gives boxes and classes of a map, the same for all detectors with prior boxes."""

from __future__ import annotations

import paddle
from paddle import Tensor, nn

__all__ = ["BoxHead"]

_COORDINATES = 4


class BoxHead(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """Boxes and classes of one map, with the places in one axis.

    ``(N, channels, H, W)`` to ``(N, H * W * boxes, 4)`` and ``(N, H * W * boxes, num_classes)``.

    Args:
        channels: Of the map.
        boxes: Boxes at each place.
        num_classes: Classes told apart, the background among them.
        kernel: Side of the filters.
    """

    def __init__(self, channels: int, boxes: int, num_classes: int, *, kernel: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        padding = (kernel - 1) // 2
        self.location = nn.Conv2D(channels, boxes * _COORDINATES, kernel, padding=padding)
        self.confidence = nn.Conv2D(channels, boxes * num_classes, kernel, padding=padding)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        return (
            _places_in_one_axis(self.location(features), _COORDINATES),
            _places_in_one_axis(self.confidence(features), self.num_classes),
        )


def _places_in_one_axis(answers: Tensor, each: int) -> Tensor:
    """``(N, boxes * each, H, W)`` to ``(N, H * W * boxes, each)``."""
    return paddle.reshape(paddle.transpose(answers, [0, 2, 3, 1]), [0, -1, each])
