"""Networks that resize pictures."""

from __future__ import annotations

from paddle.nn import functional

from tests.targets.examples._layers import Computed
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


def _aligned(size: tuple[int, int]) -> Example:
    return Example(
        law="single-rows",
        build=lambda: Computed(
            lambda x: functional.interpolate(x, size, mode="bilinear", align_corners=True)
        ),
        shape=(2, 3, 6, 9),
    )


EXAMPLES = (_aligned((1, 1)), _aligned((1, 18)), _aligned((12, 1)))
