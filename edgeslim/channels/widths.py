"""Widths that are worth a choice, and those that leave next to nothing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

__all__ = ["few_left", "width_choices"]

_FEW = 4
"""So few channels are an image's, or as good as none to choose from."""

_LITTLE = 16
"""A sixteenth of the channels passes next to nothing on."""

_WIDE = 8
"""Of so many, one is next to nothing too."""


def few_left(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    """A sentence if next to nothing is left of some groups, or nothing.

    Args:
        before: How many channels each had, by name.
        after: How many it has; one that is not named has one channel, which is no group.
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
