"""The difference of two results on the same pictures, with an interval.

Shares of pictures that are right: Newcombe's interval for paired data (his method 10: Wilson's
intervals of both shares, joined by their correlation; R. G. Newcombe 1998, "Improved confidence
intervals for the difference between binomial proportions based on paired data", Statistics in
Medicine 17, 2635-2650), and McNemar's exact test (Q. McNemar 1947, Psychometrika 12, 153-157: of
the pictures that only one of the two has right, each has as many as the other by chance).

Everything else, such as mean average precision: the percentiles of a bootstrap in which pictures
are drawn anew, the same for both (B. Efron 1979, Annals of Statistics 7, 1-26).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edgeslim.training.metric_value import wilson_interval

__all__ = ["LEVEL", "bootstrap_interval", "bootstrap_method", "mcnemar_p", "newcombe_interval"]

LEVEL = 0.95
"""Confidence level of all intervals."""

_FEWEST = 10
"""Fewest pictures that are drawn anew: of one, each drawing is the same."""


def newcombe_interval(both: int, first: int, second: int, neither: int) -> tuple[float, float]:
    """The 95 % interval of the share of the first less that of the second, on the same pictures.

    Args:
        both: Number of pictures that both have right.
        first: Number that only the first has right.
        second: Number that only the second has right.
        neither: Number that neither has right.

    Raises:
        ValueError: There are no pictures.
    """
    count = both + first + second + neither
    if count < 1:
        raise ValueError("there must be at least one picture")
    one, other = (both + first) / count, (both + second) / count
    (low, high), (other_low, other_high) = (wilson_interval(p, count) for p in (one, other))
    phi = _correlation(both, first, second, neither)
    difference = (first - second) / count
    down = _join_sides(one - low, other_high - other, phi)
    up = _join_sides(high - one, other - other_low, phi)
    return max(-1.0, difference - down), min(1.0, difference + up)


def _join_sides(own: float, other: float, phi: float) -> float:
    return math.sqrt(max(0.0, own**2 - 2 * phi * own * other + other**2))


def _correlation(both: int, first: int, second: int, neither: int) -> float:
    """Newcombe's correlation of two shares, with his correction for continuity."""
    rows = (both + first) * (second + neither)
    columns = (both + second) * (first + neither)
    if not rows * columns:
        return 0.0
    product = float(both * neither - first * second)
    if product > 0:
        product = max(product - (both + first + second + neither) / 2, 0)
    return product / math.sqrt(rows * columns)


def mcnemar_p(first: int, second: int) -> float:
    """The exact chance of such a difference, or a larger one, if both are equally right.

    Args:
        first: Number of pictures that only the first has right.
        second: Number that only the second has right.
    """
    from scipy.stats import binomtest  # takes a while to load

    count = first + second
    return float(binomtest(first, count).pvalue) if count else 1.0


def bootstrap_interval(
    difference: Callable[[NDArray[np.int64]], float], pictures: int, draws: int, seed: int = 0
) -> tuple[float, float]:
    """The 95 % interval of a difference, over pictures that are drawn anew with replacement.

    With fewer than ten pictures it is the whole range of a difference of two shares, -1 to 1.

    Args:
        difference: Computes the difference from how often each picture was drawn, ``(pictures,)``.
        pictures: Number of pictures, at least one.
        draws: How often all pictures are drawn anew.
        seed: Seed of the drawing; equal seeds give equal intervals.
    """
    if pictures < _FEWEST:
        return -1.0, 1.0
    rng = np.random.default_rng(seed)
    shares = np.full(pictures, 1 / pictures)
    found = [difference(rng.multinomial(pictures, shares)) for _ in range(draws)]
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def bootstrap_method(pictures: int, draws: int) -> str:
    """How `bootstrap_interval` comes to its interval, for people."""
    if pictures < _FEWEST:
        return f"the whole range, since fewer than {_FEWEST} pictures say nothing of others"
    return f"bootstrap of {draws:,} draws of the pictures"
