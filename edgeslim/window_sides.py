"""Padding of convolutions and pooling, by Paddle's rules."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["window_sides"]


def window_sides(
    algorithm: str,
    given: Sequence[int],
    extents: Sequence[int],
    windows: Sequence[int],
    strides: Sequence[int],
) -> tuple[int, ...]:
    """Padding before and behind each axis, in their order.

    ``SAME`` has as many windows as strides begin in the picture; if the padding is odd, there is
    one more behind than before (Paddle, ``phi/kernels/cpu/conv_util.h``).

    Args:
        algorithm: Name of the rule: ``EXPLICIT``, ``SAME`` or ``VALID``.
        given: Paddings for ``EXPLICIT``: a number for each axis, or for each side of each.
        extents: Extents of the picture or volume along each axis.
        windows: Extents of the window along each axis.
        strides: Distance from one window to the next along each axis.
    """
    if algorithm == "VALID":
        return (0, 0) * len(extents)
    if algorithm == "SAME":
        missing = [
            max(0, (-(-extent // stride) - 1) * stride + window - extent)
            for extent, window, stride in zip(extents, windows, strides, strict=True)
        ]
        return tuple(side for gap in missing for side in (gap // 2, gap - gap // 2))
    sides = tuple(int(side) for side in given)
    return tuple(side for side in sides for _ in range(2)) if len(sides) == len(extents) else sides
