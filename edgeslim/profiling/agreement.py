"""When two measurements of an operator agree, and which of several to believe.

A machine that is shared stops a program for a while now and then, longer than an operator is
timed for: all its samples are then slow, and their spread does not show it. So each operator
is timed in two passes some seconds apart, and once more if they disagree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from edgeslim.measurement import Measurement

__all__ = ["Pass", "agree", "believed"]

_TOLERANCE = 0.06
_NEGLIGIBLE_MS = 0.002
"""Differences below this are the clock's and the call's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pass:
    """One operator in one pass.

    Args:
        measurements: One for each cache state, in one order for all passes.
        reference_ms: What the reference operator took in that pass.
        trusted: Whether the device was left alone and kept its speed meanwhile.
    """

    measurements: tuple[Measurement, ...]
    reference_ms: float
    trusted: bool = True


def agree(first: Pass, second: Pass) -> bool:
    """Whether two passes say the same of every cache state, at one speed of the device."""
    return _disagreement(first, second) <= _TOLERANCE


def believed(passes: Sequence[Pass]) -> tuple[Pass, ...]:
    """The two passes that disagree least, or the only one.

    Those that are not trusted count only where there are no others: a program that disturbs
    two passes alike makes them agree.
    """
    choice = [each for each in passes if each.trusted] or passes
    if len(choice) < 2:
        return tuple(choice)
    return min(combinations(choice, 2), key=lambda pair: _disagreement(*pair))


def _disagreement(first: Pass, second: Pass) -> float:
    """Largest relative difference over the cache states."""
    speed = first.reference_ms / second.reference_ms
    worst = 0.0
    for one, other in zip(first.measurements, second.measurements, strict=True):
        a_ms, b_ms = one.latency_ms, other.latency_ms * speed
        if abs(a_ms - b_ms) > _NEGLIGIBLE_MS:
            worst = max(worst, abs(math.log(a_ms / b_ms)))
    return worst
