"""Where latency jumps between two neighbouring widths, found by bisection.

Kernels change at a width, or compute channels in blocks. Sampling at even distances steps
over such an edge, and what lies between is then off by the whole jump; the middle of two
points that differ by too much halves the place where the edge can be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from edgeslim.prediction.gaussian_process import Array
from edgeslim.prediction.operator_features import OperatorFeatures

__all__ = ["Bracket", "find_brackets"]

_SMALLEST = 0.05
"""Smaller differences, relative, are not worth a measurement."""

_LARGEST = 0.15
"""Larger ones always are: edges look like noise to what is not told of them."""

_DEVIATIONS = 3 * 2**0.5
"""Two values of the same noise differ by no more of its standard deviations."""

Line = tuple[Hashable, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bracket:
    """Two measured widths with an edge between them.

    Args:
        jump: How much they differ beside the smooth part, in logarithms.
        between: Candidates between them.
        middle: The one to measure next.
    """

    jump: float
    between: tuple[int, ...]
    middle: int


def find_brackets(
    known: OperatorFeatures, residuals: Array, candidates: OperatorFeatures, *, noise: float
) -> list[Bracket]:
    """Edges of one family that some candidate can bracket closer.

    Args:
        known: Measured operators.
        residuals: Logarithms of their latencies, less what a smooth model says, ``(known,)``.
        candidates: Operators that can be measured.
        noise: Standard deviation of a residual that means nothing.
    """
    plain = min(max(_SMALLEST, _DEVIATIONS * noise), _LARGEST)
    measured: dict[Line, dict[int, float]] = defaultdict(dict)
    for row, (line, width) in _places(known):
        measured[line][width] = float(residuals[row])
    open_: dict[Line, dict[int, int]] = defaultdict(dict)
    for row, (line, width) in _places(candidates):
        if line in measured:
            open_[line][width] = row
    brackets = []
    for line, rows in open_.items():
        for (low, one), (high, other) in pairwise(sorted(measured[line].items())):
            between = {width: row for width, row in rows.items() if low < width < high}
            jump = abs(other - one)
            if between and jump > plain:
                # Of two in the middle, the one that fills more blocks tells more.
                middle = min(between, key=lambda width: (abs(2 * width - low - high), -width))
                brackets.append(
                    Bracket(jump=jump, between=tuple(between.values()), middle=between[middle])
                )
    return brackets


def _places(features: OperatorFeatures) -> Iterator[tuple[int, tuple[Line, int]]]:
    """The lines that each operator is on, and where: all but one width of it are the same."""
    rows = zip(features.labels, features.extents.tolist(), features.mixes.tolist(), strict=True)
    for row, (labels, (c_in, c_out, *places), mixes) in enumerate(rows):
        rest = (*labels[:4], *places)  # without how its channels end
        if mixes:
            yield row, (("out", c_in, *rest), c_out)
            yield row, (("in", c_out, *rest), c_in)
        else:
            yield row, (("both", c_out / c_in, *rest), c_in)
