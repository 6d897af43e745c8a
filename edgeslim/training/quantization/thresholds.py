"""Thresholds that activations are clipped at, so that the rest is rounded finely. Pure NumPy.

Magnitudes are counted in a histogram, in which a threshold is found. Zeros are left out: every
scale represents them exactly, and behind a ReLU they are half of all values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["METHODS", "SHARE_KEPT", "Magnitudes", "kl", "largest", "mse", "percentile"]

_BINS = 2048
"""As in TensorRT's calibration; after the range has doubled, at least half of them are used."""

SHARE_KEPT = 0.99999
"""Share of magnitudes that the method ``histogram`` does not clip, as in Paddle."""


@dataclass(kw_only=True, slots=True)
class Magnitudes:
    """A histogram of magnitudes whose range doubles when a larger one comes.

    Doubling merges each two bins, which loses no count; so each batch is needed only once.

    Attributes:
        counts: Number of magnitudes in each bin, ``(2048,)``.
        limit: Upper end of the last bin.
        largest: Largest magnitude that was counted.
        zeros: Number of zeros, which are in no bin.
    """

    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_BINS, np.int64))
    limit: float = 0.0
    largest: float = 0.0
    zeros: int = 0

    @property
    def width(self) -> float:
        """Width of a bin."""
        return self.limit / _BINS

    def add(self, values: NDArray[Any]) -> None:
        """Counts the magnitudes of some finite numbers."""
        magnitudes = np.abs(values.ravel()).astype(np.float64)
        self.zeros += int(np.count_nonzero(magnitudes == 0))
        magnitudes = magnitudes[magnitudes > 0]
        if not magnitudes.size:
            return
        largest = float(magnitudes.max())
        self.largest = max(self.largest, largest)
        if self.limit == 0:
            self.limit = largest
        while largest > self.limit:
            pairs = self.counts.reshape(-1, 2).sum(axis=1)
            self.counts = np.concatenate((pairs, np.zeros(_BINS // 2, np.int64)))
            self.limit *= 2
        bins = np.minimum((magnitudes / self.width).astype(np.int64), _BINS - 1)
        self.counts += np.bincount(bins, minlength=_BINS)

    def share_above(self, threshold: float) -> float:
        """Share of all magnitudes, zeros too, above a threshold; to a bin or so."""
        total = self.zeros + int(self.counts.sum())
        if not total or threshold >= self.largest:
            return 0.0
        return float(self.counts[int(threshold / self.width) + 1 :].sum()) / total

    def nonempty_counts(self) -> NDArray[np.int64]:
        """The counts up to the last one that is not zero."""
        return np.trim_zeros(self.counts, "b")


def largest(seen: Magnitudes, levels: int) -> float:  # noqa: ARG001 - all methods have it
    """The largest magnitude: nothing is clipped."""
    return seen.largest


def percentile(seen: Magnitudes, levels: int, share: float = SHARE_KEPT) -> float:  # noqa: ARG001
    """The lowest upper end of a bin below which a share of all magnitudes is."""
    counts = seen.nonempty_counts()
    if not counts.size:
        return seen.largest
    reached = np.cumsum(counts) / counts.sum()
    index = int(np.searchsorted(reached, share))
    return min((index + 1) * seen.width, seen.largest)


def mse(seen: Magnitudes, levels: int) -> float:
    """The threshold that makes the mean squared error of rounding smallest.

    Of ``x``, held below the threshold ``t`` and rounded to a multiple of ``t / levels``
    (Sung, Shin & Hwang, 2015, "Resiliency of Deep Neural Networks under Quantization",
    https://arxiv.org/abs/1511.06488). All ends of bins are tried; a bin counts as its middle.
    """
    counts = seen.nonempty_counts()
    if not counts.size:
        return seen.largest
    middles = (np.arange(counts.size) + 0.5) * seen.width
    best, smallest = seen.largest, np.inf
    for end in range(1, counts.size + 1):
        threshold = min(end * seen.width, seen.largest)
        step = threshold / levels
        rounded = np.minimum(np.round(middles / step), levels) * step
        error = float(counts @ np.square(middles - rounded))
        if error < smallest:
            best, smallest = threshold, error
    return best


KL_KEPT = 0.999
"""Share of magnitudes that ``kl`` never clips. Its divergence ignores how far clipped values move:
where a few values are far more common than all others, it would clip those others."""


def kl(seen: Magnitudes, levels: int, share: float = KL_KEPT) -> float:
    """The threshold that loses least of the distribution's information.

    For each threshold, the distribution below it, with what is above added to its last bin, is
    compared by the divergence of Kullback and Leibler with itself in ``levels + 1`` bins,
    spread again over those that were not empty (Migacz, 2017, "8-bit Inference with
    TensorRT", GPU Technology Conference). A ``share`` of all magnitudes is never cut off.
    """
    counts = seen.nonempty_counts()
    groups = levels + 1
    if counts.size <= groups:
        return seen.largest
    best, smallest = counts.size, np.inf
    kept = 1 + int(np.searchsorted(np.cumsum(counts), share * counts.sum()))
    for size in range(max(groups, kept), counts.size + 1):
        divergence = _divergence(counts, size, groups)
        if divergence < smallest:
            best, smallest = size, divergence
    return min(best * seen.width, seen.largest)


_NEVER = 1e-12
"""Share of values that exist but cannot come out of rounding: they cost very much."""


def _divergence(counts: NDArray[np.int64], size: int, groups: int) -> float:
    below = counts[:size].astype(np.float64)
    starts = np.arange(groups) * size // groups
    filled = np.add.reduceat((below > 0).astype(np.float64), starts)
    mass = np.add.reduceat(below, starts) / np.maximum(filled, 1)
    spread = np.repeat(mass, np.diff(np.append(starts, size))) * (below > 0)
    truth = below
    truth[-1] += counts[size:].sum()
    there = truth > 0
    truth, spread = truth[there] / truth.sum(), spread[there]
    spread = np.maximum(spread / max(spread.sum(), 1.0), _NEVER)
    return float(truth @ np.log(truth / spread))


METHODS: Mapping[str, Callable[[Magnitudes, int], float]] = {
    "abs_max": largest,
    "histogram": percentile,
    "kl": kl,
    "mse": mse,
}
"""Methods that find a threshold, by name."""
