"""Networks that put frames around pictures, lines and volumes."""

from __future__ import annotations

import paddle
from paddle.nn import functional

from edgeslim.opspec import Shape
from tests.targets.examples._layers import Computed
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


def _framed(sides: list[int], shape: Shape) -> Example:
    return Example(
        law="padded-values",
        build=lambda: Computed(lambda x: functional.pad(x, sides, value=-1.5)),
        shape=shape,
    )


EXAMPLES = (
    _framed([1, 1, 1, 1], (2, 3, 5, 6)),
    _framed([2, 0, 1, 3], (2, 3, 5, 6)),
    _framed([1, 2], (2, 3, 7)),
    _framed([1, 0, 2, 1, 0, 1], (1, 2, 3, 4, 5)),
    Example(
        law="padded-values",
        build=lambda: Computed(
            lambda x: functional.pad(paddle.unsqueeze(x, 2), [1, 2, 0, 1, 0, 0], value=0.5)
        ),
        shape=(1, 2, 4, 5),
    ),
    Example(
        law="padded-volumes",
        build=lambda: Computed(lambda x: functional.pad(x, [1, 2, 2, 1], mode="circular")),
    ),
    Example(
        law="padded-volumes",
        build=lambda: Computed(lambda x: functional.pad(x, [1, 2], mode="reflect")),
        shape=(1, 4, 6),
    ),
)
