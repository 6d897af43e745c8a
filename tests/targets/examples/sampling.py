"""Networks that take pixels from places that a grid says."""

from __future__ import annotations

from paddle.nn import functional

from tests.targets.examples._layers import Weighted
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


def _sampled(sides: tuple[int, int], **given: str | bool) -> Example:
    return Example(
        law="grids-of-other-sizes",
        build=lambda: Weighted(
            (2, *sides, 2), lambda x, grid: functional.grid_sample(x, grid, **given), -1.4, 1.4
        ),
        shape=(2, 3, 6, 7),
    )


EXAMPLES = (
    _sampled((4, 5)),
    _sampled((7, 6), padding_mode="border"),
    _sampled((9, 11), padding_mode="reflection", align_corners=False),
    _sampled((3, 13), mode="nearest"),
    _sampled((8, 12), mode="nearest", align_corners=False),
)
