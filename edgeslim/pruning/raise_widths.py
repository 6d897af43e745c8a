"""Raising widths where wider ones are predicted to take no longer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite

from edgeslim.pruning.latency import LatencyModel
from edgeslim.pruning.subject import Widths

__all__ = ["raise_widths"]

_SAME = 1e-9
"""Relative rounding error of a sum of latencies."""

_BLOCKS = (4, 8, 16)
"""Channels that kernels compute at once: widths are tried at the ends of such blocks."""


def raise_widths(
    model: LatencyModel, widths: Widths, holds: Callable[[Widths], bool] = lambda _: True
) -> dict[str, int]:
    """Raises every group's width as far as the predicted latency does not grow.

    Latency is a step function of width that also falls: a width that is not a multiple of a
    kernel's block may take longer than the next multiple. Of each group's next widths the widest
    is taken that is predicted to take no longer, group by group until nothing changes.

    Args:
        model: Predicts latency at any widths.
        widths: Widths to begin with, by name of the group.
        holds: Says whether widths are within the goal.
    """
    found, before, value = dict(widths), None, model.latency_ms(widths)
    if not isfinite(value):
        return found  # the table does not cover them
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
    ahead = [choice for choice in choices if choice > width][:1]
    return sorted({*ahead, *ends} - {width}, reverse=True)
