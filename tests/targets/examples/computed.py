"""Networks that compute what others have as parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paddle.nn import functional

from edgeslim.opspec import Shape
from tests.targets.examples._layers import Computed
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


def _convolved(sides: Shape, filters: Shape, **given: Any) -> Example:
    """With a filter that is a mean of the pictures."""
    height, width = filters[2:]

    def compute(x: Any) -> Any:
        taps = functional.adaptive_avg_pool2d(x, (height, width))[:1, : filters[1]]
        return functional.conv2d(x, taps.expand(filters), **given)

    return Example(
        law="computed-filters", build=lambda: Computed(compute), shape=(2, filters[1], *sides)
    )


def _by_channel(x: Any) -> Any:
    return functional.conv2d(x, x[:1, :, :3, :3].reshape([4, 1, 3, 3]), padding=1, groups=4)


def _transposed(x: Any) -> Any:
    return functional.conv2d_transpose(x, x[:1, :, :3, :3].reshape([4, 1, 3, 3]) * 1.0)


def _normed(x: Any) -> Any:
    mean, spread = x.mean([0, 2, 3]), functional.relu(x).mean([0, 2, 3])
    return functional.batch_norm(x, mean, spread, spread, mean, training=False)


def _of(compute: Callable[[Any], Any], law: str) -> Example:
    return Example(law=law, build=lambda: Computed(compute), shape=(2, 4, 8, 7))


EXAMPLES = (
    _convolved((8, 8), (5, 4, 3, 3), padding=1),
    _convolved((9, 7), (6, 3, 3, 2), stride=2, padding=[1, 0, 0, 1]),
    _convolved((9, 8), (4, 4, 3, 3), padding="SAME", stride=2),
    _convolved((9, 8), (4, 4, 3, 3), dilation=2),
    _convolved((6, 5), (7, 4, 1, 1)),
    _of(_by_channel, "computed-filters"),
    _of(_transposed, "computed-transposed-filters"),
    _of(_normed, "computed-norms"),
)
