"""Widths raised where wider ones are predicted to take no longer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite

from edgeslim.pruning.latency import LatencyModel
from edgeslim.pruning.subject import Widths

__all__ = ["raise_widths"]

_SAME = 1e-9
"""Share of a latency that two ways of adding it up may differ by."""

_BLOCKS = (4, 8, 16)
"""Channels that kernels compute at once: the ends of a width's blocks are looked at."""


def raise_widths(
    model: LatencyModel, widths: Widths, holds: Callable[[Widths], bool] = lambda _: True
) -> dict[str, int]:
    """The same with every group as wide as takes no longer.

    Latencies have stairs, and steps back: a width beside a kernel's blocks may take longer than
    the next whole block. Of each group's next widths the widest is taken that is predicted to
    take no longer, group by group until nothing changes.

    Args:
        model: Predicts what widths take.
        widths: Where to begin.
        holds: Whether widths are within the goal.
    """
    found, before, value = dict(widths), None, model.latency_ms(widths)
    if not isfinite(value):
        return found  # the table says nothing of them
    while found != before:
        before = dict(found)
        for name, width in before.items():
            for wider in _wider(width, model.choices[name]):
                tried = {**found, name: wider}
                then = model.latency_ms(tried)
                if then <= value * (1 + _SAME) and holds(tried):
                    found, value = tried, min(value, then)
                    break
    return found


def _wider(width: int, choices: Sequence[int]) -> list[int]:
    """The next widths that may take no longer than one, the widest first."""
    own = choices[-1]
    ends = {min(own, -(-width // block) * block) for block in _BLOCKS}
    ahead = [each for each in choices if each > width][:1]
    return sorted({*ahead, *ends} - {width}, reverse=True)
