"""Agreement of several timings of an operator, and the choice of those that are used.

A shared machine stops a program now and then, for longer than an operator is timed: all its
samples are then slow, and their spread does not show it. So each operator is timed in two passes
some seconds apart, and once more if they disagree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from edgeslim.measurement import Measurement

__all__ = ["Pass", "has_agreement", "select_passes"]

_TOLERANCE = 0.05
_NEGLIGIBLE_MS = 0.002
"""Differences below this come from the clock and the call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pass:
    """The timing of one operator in one pass.

    Args:
        measurements: One for each cache state, in one order for all passes.
        reference_ms: Latency of the reference operator in that pass.
        disturbed: What disturbed the device meanwhile; empty if nothing did.
    """

    measurements: tuple[Measurement, ...]
    reference_ms: float
    disturbed: str = ""


def has_agreement(first: Pass, second: Pass) -> bool:
    """Whether two passes agree, brought to one speed of the device."""
    return _disagreement(first, second) <= _TOLERANCE


def select_passes(passes: Sequence[Pass]) -> tuple[Pass, ...]:
    """The two passes that disagree least, or the only one.

    Disturbed passes count only where there are no others: a program that disturbs two passes
    alike makes them agree.
    """
    choice = [one for one in passes if not one.disturbed] or passes
    if len(choice) < 2:
        return tuple(choice)
    return min(combinations(choice, 2), key=lambda pair: _disagreement(*pair))


def _disagreement(first: Pass, second: Pass) -> float:
    """Relative difference of the means over the cache states, at one speed of the device.

    Single states vary by themselves; what disturbs a pass makes all of them slower.
    """
    one_ms, other_ms = (
        sum(measurement.latency_ms for measurement in part.measurements) / part.reference_ms
        for part in (first, second)
    )
    if abs(one_ms - other_ms) * first.reference_ms <= _NEGLIGIBLE_MS * len(first.measurements):
        return 0.0
    return abs(math.log(one_ms / other_ms))
