"""The loss of each group at any width, from measurements at some.

A metric over few examples is noisy: a group may look better with fewer channels. A curve is the
nearest that never falls (isotonic regression, by pooling adjacent violators; Barlow et al., 1972,
"Statistical inference under order restrictions"), never below zero, and zero where nothing is
removed. Between measured points it is linear.

Examples that show no loss do not prove that there is none. What they cannot rule out, a floor
that grows with the square of the removed share, is added: so nothing is free, and of equal
losses the plan that removes least is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeslim.errors import UnknownNameError

__all__ = ["LossCurve", "LossCurves"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LossCurve:
    """The loss of one group over the removed share of its channels.

    Args:
        ratios: Knots, rising from 0 to 1, ``(n,)``.
        losses: Loss at each knot, never falling, from 0, ``(n,)``; rising if there is a floor.
    """

    ratios: Array
    losses: Array

    @staticmethod
    def fit(
        ratios: ArrayLike, losses: ArrayLike, *, highest: float = np.inf, floor: float = 0.0
    ) -> LossCurve:
        """Fits the curve nearest to points.

        Beyond the last point it goes on as steeply as between the last two, and at least as
        steeply as from zero to the last: where a metric is at that of chance already
        it stays flat, and the last channels must not look free. It ends at the highest loss
        possible.

        Args:
            ratios: Removed shares, from 0 to 1, in any order; of equal ones the mean counts.
            losses: Loss at each of the ratios.
            highest: Largest loss that is possible.
            floor: Loss that is added where all is removed, and its share's square of a share.
        """
        from scipy.optimize import isotonic_regression

        given, place = np.unique(np.asarray(ratios, np.float64), return_inverse=True)
        count = np.bincount(place, minlength=given.size)
        means = np.bincount(place, np.asarray(losses, np.float64), given.size) / count
        inside = given > 0
        knots, values = given[inside], means[inside]
        if values.size:
            # Clipped at zero afterwards it is still the nearest among those not below zero.
            values = np.maximum(isotonic_regression(values, weights=count[inside]).x, 0.0)
        knots, values = np.append(0.0, knots), np.append(0.0, values)
        if knots[-1] < 1:
            knots, values = np.append(knots, 1.0), np.append(values, _end(knots, values, highest))
        return LossCurve(ratios=knots, losses=values + floor * knots**2)

    def raise_at(self, ratio: float, extra: float) -> LossCurve:
        """The curve with more loss at a ratio, and elsewhere by the square of the share.

        Args:
            ratio: Removed share, above 0 and at most 1.
            extra: Additional loss at that ratio, 0 or more.
        """
        knots = np.unique(np.append(self.ratios, ratio))
        return LossCurve(ratios=knots, losses=self.loss_at(knots) + extra * (knots / ratio) ** 2)

    def loss_at(self, ratio: ArrayLike) -> Array:
        """The loss when a share of the channels is removed; of the shape of ``ratio``."""
        return np.asarray(np.interp(np.asarray(ratio, np.float64), self.ratios, self.losses))

    def ratio_at(self, loss: ArrayLike) -> Array:
        """The largest removed share that loses no more than this; of the shape of ``loss``."""
        allowed = np.asarray(loss, np.float64)
        above = np.searchsorted(self.losses, allowed, side="right")
        right = np.clip(above, 1, self.losses.size - 1)
        low, high = self.losses[right - 1], self.losses[right]
        rise = np.where(high > low, high - low, 1.0)
        part = np.clip((allowed - low) / rise, 0.0, 1.0)
        start, end = self.ratios[right - 1], self.ratios[right]
        result: Array = np.where(above == self.losses.size, 1.0, start + part * (end - start))
        return result


@dataclass(frozen=True, kw_only=True, slots=True)
class LossCurves:
    """The curves of a model's groups, by name."""

    curves: Mapping[str, LossCurve]

    def __getitem__(self, group: str) -> LossCurve:
        if group not in self.curves:
            raise UnknownNameError("group with sensitivities", group, self.curves)
        return self.curves[group]

    def loss_at(self, group: str, ratio: ArrayLike) -> Array:
        """The loss of a group when a share of its channels is removed.

        Raises:
            UnknownNameError: The group has no curve.
        """
        return self[group].loss_at(ratio)

    def ratio_at(self, group: str, loss: ArrayLike) -> Array:
        """The largest removed share of a group's channels that loses no more than this.

        Raises:
            UnknownNameError: The group has no curve.
        """
        return self[group].ratio_at(loss)


def _end(knots: Array, values: Array, highest: float) -> float:
    """The loss where all channels are removed."""
    if knots.size == 1:
        return 0.0
    steepness = max((values[-1] - values[-2]) / (knots[-1] - knots[-2]), values[-1] / knots[-1])
    end = values[-1] + steepness * (1 - knots[-1])
    return float(max(values[-1], min(end, highest)))
