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


EXAMPLES = (
    _aligned((1, 1)),
    _aligned((1, 18)),
    _aligned((12, 1)),
    Example(
        law="resized-volumes",
        build=lambda: Computed(
            lambda x: functional.interpolate(x, (3, 6, 8), mode="nearest", data_format="NCDHW")
        ),
        shape=(1, 2, 2, 3, 4),
    ),
    Example(
        law="broken-factors",
        build=lambda: Computed(
            lambda x: functional.interpolate(x, scale_factor=1.3, mode="bilinear")
        ),
        shape=(1, 2, 9, 7),
    ),
)
