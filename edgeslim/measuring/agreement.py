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

_TOLERANCE = 0.05
_NEGLIGIBLE_MS = 0.002
"""Differences below this are the clock's and the call's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pass:
    """One operator in one pass.

    Args:
        measurements: One for each cache state, in one order for all passes.
        reference_ms: What the reference operator took in that pass.
        disturbed: What disturbed the device meanwhile, or nothing.
    """

    measurements: tuple[Measurement, ...]
    reference_ms: float
    disturbed: str = ""


def agree(first: Pass, second: Pass) -> bool:
    """Whether two passes say the same, at one speed of the device."""
    return _disagreement(first, second) <= _TOLERANCE


def believed(passes: Sequence[Pass]) -> tuple[Pass, ...]:
    """The two passes that disagree least, or the only one.

    Those that were disturbed count only where there are no others: a program that disturbs
    two passes alike makes them agree.
    """
    choice = [each for each in passes if not each.disturbed] or passes
    if len(choice) < 2:
        return tuple(choice)
    return min(combinations(choice, 2), key=lambda pair: _disagreement(*pair))


def _disagreement(first: Pass, second: Pass) -> float:
    """Relative difference of the means over the cache states, at one speed of the device.

    Single states scatter by themselves; what disturbs a pass makes all of them slower.
    """
    one_ms, other_ms = (
        sum(each.latency_ms for each in part.measurements) / part.reference_ms
        for part in (first, second)
    )
    if abs(one_ms - other_ms) * first.reference_ms <= _NEGLIGIBLE_MS * len(first.measurements):
        return 0.0
    return abs(math.log(one_ms / other_ms))
