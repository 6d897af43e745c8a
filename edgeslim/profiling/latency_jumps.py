"""Jumps of the latency between two neighbouring widths, found by bisection.

Kernels change at a width, or compute channels in blocks. Sampling at even distances misses such an
edge, and estimates between are then off by the whole jump; measuring the middle of two points that
differ by too much halves the range in which the edge can be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from edgeslim.prediction.gaussian_process import Array
from edgeslim.prediction.operator_features import OperatorFeatures

__all__ = ["Bracket", "find_brackets"]

_SMALLEST, _LARGEST = 0.05, 0.15
"""Relative differences: smaller ones are not worth a measurement; larger ones always are."""

_TIMES_PLAIN = 3.0
"""Between those, an edge is this many times the median difference of two neighbours."""

Line = tuple[Hashable, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bracket:
    """Two measured widths with an edge between them.

    Args:
        jump: Difference of their residuals, in logarithms.
        between: Rows of the candidates between them.
        middle: Row of the candidate to measure next.
    """

    jump: float
    between: tuple[int, ...]
    middle: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Gap:
    """Two measured neighbours on a line, and the difference of their residuals."""

    line: Line
    low: int
    high: int
    difference: float


def find_brackets(
    known: OperatorFeatures, residuals: Array, candidates: OperatorFeatures
) -> list[Bracket]:
    """Edges of one family that some candidate can bracket closer.

    Args:
        known: Features of the measured operators.
        residuals: Logarithms of their latencies minus those of a smooth model, ``(known,)``.
        candidates: Features of the operators that can be measured.
    """
    gaps = list(_gaps(known, residuals))
    if not gaps:
        return []
    # Few gaps have an edge, so the median gap shows the size of noise and slopes.
    plain = _TIMES_PLAIN * median(gap.difference for gap in gaps)
    plain = min(max(plain, _SMALLEST), _LARGEST)
    rows: dict[Line, dict[int, int]] = defaultdict(dict)
    for row, (line, width) in _places(candidates):
        rows[line][width] = row
    brackets = []
    for gap in gaps:
        between = {w: row for w, row in rows[gap.line].items() if gap.low < w < gap.high}
        if between and gap.difference > plain:
            # Of two in the middle, the wider one fills more blocks.
            _, _, middle = min((abs(2 * w - gap.low - gap.high), -w, r) for w, r in between.items())
            among = tuple(between.values())
            brackets.append(Bracket(jump=gap.difference, between=among, middle=middle))
    return brackets


def _gaps(known: OperatorFeatures, residuals: Array) -> Iterator[_Gap]:
    lines: dict[Line, dict[int, float]] = defaultdict(dict)
    for row, (line, width) in _places(known):
        lines[line][width] = float(residuals[row])
    for line, places in lines.items():
        for (low, one), (high, other) in pairwise(sorted(places.items())):
            yield _Gap(line=line, low=low, high=high, difference=abs(other - one))


def _places(features: OperatorFeatures) -> Iterator[tuple[int, tuple[Line, int]]]:
    """Lines of operators that differ in one width alone, with each operator's place on them."""
    rows = zip(features.labels, features.extents.tolist(), features.mixes.tolist(), strict=True)
    for row, (labels, (c_in, c_out, *places), mixes) in enumerate(rows):
        rest = (*labels[:4], *places)  # without the alignment of its channels
        if mixes:
            yield row, (("out", c_in, *rest), c_out)
            yield row, (("in", c_out, *rest), c_in)
        else:
            yield row, (("both", c_out / c_in, *rest), c_in)
