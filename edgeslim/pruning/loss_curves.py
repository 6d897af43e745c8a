"""What each group costs at any width, from what was measured at some.

A metric over few examples wobbles: a group may look better with less. A curve is the nearest
that never falls (isotonic regression, by pooling adjacent violators; Barlow et al., 1972,
"Statistical inference under order restrictions"), never below nought, and nought where
nothing goes. Between measured points it is straight.

Examples that show no loss do not prove that there is none. What they cannot rule out, a floor
that grows with the square of what goes, is added: so nothing is free, and of cuts that look
alike those are taken that take least.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeslim.errors import UnknownNameError
from edgeslim.runs.sensitivity_file import Sensitivities
from edgeslim.runs.sensitivity_rows import SensitivityPoint

__all__ = ["LossCurve", "LossCurves", "loss_curves"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LossCurve:
    """The cost of one group over the share of its channels that is gone.

    Args:
        ratios: Knots, rising from 0 to 1, ``(n,)``.
        losses: The cost at each, never falling, from 0, ``(n,)``; rising if there is a floor.
    """

    ratios: Array
    losses: Array

    @staticmethod
    def fit(
        ratios: ArrayLike, losses: ArrayLike, *, highest: float = np.inf, floor: float = 0.0
    ) -> LossCurve:
        """The curve nearest to points.

        Beyond the last point it goes on as steeply as between the last two, and at least as
        steeply as from nought to the last: where a metric is down at that of chance already
        it stays flat, and the last channels must not look free. It ends at the highest loss
        possible.

        Args:
            ratios: Shares that were gone, from 0 to 1, in any order; of equal ones the mean
                counts.
            losses: What was lost there.
            highest: What can be lost at most.
            floor: What is added where all is gone; of a share, the share's square of it.
        """
        from scipy.optimize import isotonic_regression

        given, place = np.unique(np.asarray(ratios, np.float64), return_inverse=True)
        count = np.bincount(place, minlength=given.size)
        means = np.bincount(place, np.asarray(losses, np.float64), given.size) / count
        inside = given > 0
        knots, values = given[inside], means[inside]
        if values.size:
            # Held above nought afterwards it is still the nearest, among those above nought.
            values = np.maximum(isotonic_regression(values, weights=count[inside]).x, 0.0)
        knots, values = np.append(0.0, knots), np.append(0.0, values)
        if knots[-1] < 1:
            knots, values = np.append(knots, 1.0), np.append(values, _end(knots, values, highest))
        return LossCurve(ratios=knots, losses=values + floor * knots**2)

    def raised(self, ratio: float, extra: float) -> LossCurve:
        """The curve that costs more at a ratio, and elsewhere by the square of the share.

        Args:
            ratio: Above 0 to 1.
            extra: How much more it costs there, 0 or more.
        """
        knots = np.unique(np.append(self.ratios, ratio))
        return LossCurve(ratios=knots, losses=self.loss_at(knots) + extra * (knots / ratio) ** 2)

    def loss_at(self, ratio: ArrayLike) -> Array:
        """The cost when a share of the channels is gone; of the shape of ``ratio``."""
        return np.asarray(np.interp(np.asarray(ratio, np.float64), self.ratios, self.losses))

    def ratio_at(self, loss: ArrayLike) -> Array:
        """The largest share that costs no more than this; of the shape of ``loss``."""
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
        """What a group costs when a share of its channels is gone.

        Raises:
            UnknownNameError: Nothing is known of the group.
        """
        return self[group].loss_at(ratio)

    def ratio_at(self, group: str, loss: ArrayLike) -> Array:
        """The largest share of a group's channels that costs no more than this.

        Raises:
            UnknownNameError: Nothing is known of the group.
        """
        return self[group].ratio_at(loss)


def loss_curves(found: Sensitivities, *, relative: bool = False) -> LossCurves:
    """A curve for each group that was measured.

    Args:
        found: What was measured.
        relative: Whether losses are shares of the baseline, or differences of the metric.
    """
    highest = 1.0 if relative else found.context.baseline
    return LossCurves(
        curves={group: _curve(points, relative, highest) for group, points in found.points.items()}
    )


def _curve(points: Iterable[SensitivityPoint], relative: bool, highest: float) -> LossCurve:
    listed = list(points)
    return LossCurve.fit(
        [each.removed_share for each in listed],
        [each.relative_loss if relative else each.loss for each in listed],
        highest=highest,
    )


def _end(knots: Array, values: Array, highest: float) -> float:
    """The loss where nothing is left."""
    if knots.size == 1:
        return 0.0
    steepness = max((values[-1] - values[-2]) / (knots[-1] - knots[-2]), values[-1] / knots[-1])
    end = values[-1] + steepness * (1 - knots[-1])
    return float(max(values[-1], min(end, highest)))
