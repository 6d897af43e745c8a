"""Widths that are worth a choice."""

from __future__ import annotations

import numpy as np

__all__ = ["width_choices"]

_FEW = 4
"""So few channels are an image's, or as good as none to choose from."""


def width_choices(own: int, count: int) -> tuple[int, ...]:
    """About evenly from an eighth to all, in whole blocks of 8, or of 4 if they are few.

    Kernels compute channels in blocks of 4, 8 or 16; a width within a block costs what the
    whole block does.

    Args:
        own: All channels.
        count: At most so many, not counting the width itself.
    """
    if own <= _FEW:
        return (own,)
    block = 4 if own < 8 * count else 8
    even = np.linspace(own / 8, own, count)
    return tuple(sorted({own, *(min(own, max(1, round(each / block)) * block) for each in even)}))
