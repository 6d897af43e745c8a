"""Networks that resize pictures."""

from __future__ import annotations

from paddle.nn import functional

from tests.targets.examples._layers import Computed
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


def _single(size: tuple[int, int], *, corners: bool) -> Example:
    return Example(
        law="single-rows",
        build=lambda: Computed(
            lambda x: functional.interpolate(x, size, mode="bilinear", align_corners=corners)
        ),
        shape=(2, 3, 6, 9),
    )


EXAMPLES = (
    _single((1, 1), corners=True),
    _single((1, 18), corners=True),
    _single((12, 1), corners=True),
    _single((1, 1), corners=False),
    _single((12, 1), corners=False),
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
