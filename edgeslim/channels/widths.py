"""Widths to choose from, and a warning about widths that leave next to nothing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

__all__ = ["few_left_warning", "width_choices"]

_FEW = 4
"""Groups of at most so many channels have no choice of width: they are those of an image."""

_LITTLE = 16
"""A warning is given if at most a sixteenth of the channels is left."""

_WIDE = 8
"""A warning is given if one channel is left of at least so many."""


def few_left_warning(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    """A warning about groups of which next to nothing is left; empty if there are none.

    Args:
        before: Channels of each group before pruning, by its name.
        after: Channels after pruning; a group that is not named has one channel left.
    """
    thin = [
        f"{name} ({left} of {count})"
        for name, count in before.items()
        if (left := after.get(name, 1)) < count
        and (left * _LITTLE <= count or (left == 1 and count >= _WIDE))
    ]
    if not thin:
        return ""
    return (
        f"next to no channels are left of {', '.join(thin)}: all that follows sees that little; "
        "allow less to go there"
    )


def width_choices(own: int, count: int) -> tuple[int, ...]:
    """Widths from an eighth of the channels to all, evenly spaced, in multiples of 8 or 4.

    Kernels compute channels in blocks of 4, 8 or 16; a width within a block costs what the
    whole block does.

    Args:
        own: The full width, in channels.
        count: Most widths to choose from, besides the full width.
    """
    if own <= _FEW:
        return (own,)
    block = 4 if own < 8 * count else 8
    even = np.linspace(own / 8, own, count)
    return tuple(sorted({own, *(min(own, max(1, round(width / block)) * block) for width in even)}))
