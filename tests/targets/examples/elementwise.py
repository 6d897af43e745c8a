"""Networks with powers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import paddle
from paddle.nn import functional

from edgeslim.opspec import Shape
from tests.targets.examples._layers import Computed, Weighted, of_every_kind
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


def _raised(factor: float, of: Callable[[Any], Any] = functional.relu) -> Example:
    """Of what has noughts as well; of numbers below it where the power has values there."""
    return Example(
        law="powers",
        build=lambda: Computed(lambda x: paddle.pow(of(x), factor)),
        shape=(1, 3, 6, 7),
    )


def _repeated(base: tuple[int, ...], shape: tuple[int, ...] = (2, 3, 4, 5)) -> Example:
    return Example(
        law="repeated-bases",
        build=lambda: Weighted(base, lambda x, base: paddle.pow(base, x), 0.3, 1.7),
        shape=shape,
    )


def _compared(other: Shape, compare: Callable[[Any, Any], Any]) -> Example:
    def above(x: Any, other: Any) -> Any:
        return paddle.cast(compare(x, other), "float32") + x.sum()

    return Example(law="comparisons-of-other-ranks", build=lambda: Weighted(other, above))


def _equal(compare: Callable[[Any, Any], Any], turned: bool) -> Example:
    def compared(x: Any) -> Any:
        kinds = of_every_kind(x)
        return paddle.cast(compare(kinds, kinds.flip(3) if turned else kinds), "float32")

    return Example(law="infinities-compared", build=lambda: Computed(compared))


def _largest_whole_number(x: Any) -> Any:
    return paddle.cast(paddle.max(paddle.cast(10.0 * x, "int32"), axis=1), "float32")


EXAMPLES = (
    _raised(3.0, lambda x: x),
    _raised(0.75),
    _raised(2.5),
    _raised(-1.25, lambda x: x.abs() + 0.1),
    _raised(1.7),
    _raised(70.0, lambda x: 1.01 * paddle.sin(x)),
    _repeated((1,)),
    _repeated((5,)),
    _repeated((4, 5)),
    _repeated((3, 1, 1)),
    _repeated((2, 1, 4, 1)),
    _repeated((4, 5), (1, 4, 5)),
    Example(
        law="floor-of-floats",
        build=lambda: Computed(lambda x: paddle.floor_divide(x, 0.3 + paddle.abs(x[:, :1]))),
    ),
    Example(law="halves", build=lambda: Computed(lambda x: paddle.round(paddle.floor(4 * x) / 2))),
    Example(law="whole-numbers", build=lambda: Computed(_largest_whole_number)),
    *(
        _equal(compare, turned)
        for compare in (paddle.equal, paddle.not_equal)
        for turned in (False, True)
    ),
    _compared((1,), lambda x, other: paddle.less_than(other, x)),
    _compared((4, 1, 8), paddle.greater_than),
    _compared((8, 1), lambda x, other: paddle.less_equal(x[0], other.reshape([1, 1, 8, 1]))),
)
