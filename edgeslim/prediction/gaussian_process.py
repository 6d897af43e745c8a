"""A Gaussian process over axes and labels whose distances are learned from the data.

Rasmussen and Williams, *Gaussian Processes for Machine Learning*, 2006: the prediction is
algorithm 2.1, the gradient of the evidence equation 5.9, errors with one point left out are
equations 5.10 to 5.12, the Matern covariance is equation 4.17.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Array", "Coordinates", "GaussianProcess"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Labels = np.ndarray[Any, np.dtype[np.int64]]

_FIT_AT_MOST = 300
"""Number of first points that the weights are learned from; predictions use all points."""

# The prior of the weights' logarithms, which makes a few points sufficient: the amplitude and
# the logarithm of the noise that are expected, then standard deviations.
_AMPLITUDE, _NOISE = 0.3, math.log(0.02)
_SPREAD_OF_WEIGHTS, _SPREAD_OF_SCALES = 1.5, 1.0
_FARTHEST = 6.0
"""Largest distance of a fitted logarithm from its first guess."""

_LEAST_NOISE = 3.0
"""Largest distance of the noise's below: with less noise, equal points make it singular."""

_OUTLYING = 3.0
"""Leave-one-out errors of more deviations than this count as bad measurements."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Coordinates:
    """Coordinates of points.

    Args:
        axes: Numerical coordinates, ``(points, axes)``.
        labels: Categorical coordinates, as numbers that are equal or not, ``(points, labels)``.
        trends: Coordinates in which values have linear trends, ``(points, trends)``, in units of
            the expected deviation.
        variances: Variance of each point's own that nothing else shares, besides the noise,
            ``(points,)``; none where it is not given.
    """

    axes: Array
    labels: Labels
    trends: Array
    variances: Array | None = None

    @property
    def own_variances(self) -> Array:
        """Variance of each point's own, ``(points,)``."""
        return np.zeros(len(self)) if self.variances is None else self.variances

    def __len__(self) -> int:
        return len(self.axes)

    def take(self, index: Any) -> Coordinates:  # noqa: ANN401 - whatever indexes an array
        """The points at some places."""
        return Coordinates(
            axes=self.axes[index],
            labels=self.labels[index],
            trends=self.trends[index],
            variances=None if self.variances is None else self.variances[index],
        )


class GaussianProcess:
    """Predicts values at points from known ones.

    The squared distance of two points is a sum over axes and labels, each with a weight.
    Weights, amplitude and noise are those of the greatest evidence under a wide prior. An outlier
    gets more noise than other points, and the fit is repeated.

    Args:
        known: Points with known values; maybe none.
        values: Their values, ``(known, outputs)``; the outputs share one covariance.
        weights: First guess of the weight of each axis, then of each label.
        amplitude: First guess of the values' standard deviation.
        warm_start: A process whose weights are used instead of a fit.
    """

    def __init__(
        self,
        known: Coordinates,
        values: Array,
        weights: Array,
        *,
        amplitude: float = _AMPLITUDE,
        warm_start: GaussianProcess | None = None,
    ) -> None:
        self._known = known
        self._values = values
        self._guess = np.concatenate([np.log(weights), [math.log(amplitude), _NOISE]])
        self._noise_factors = np.ones(len(known))
        self._logarithms: Array = self._guess if warm_start is None else warm_start.logarithms
        if warm_start is None and len(known) > 1:
            self._logarithms = self._fit()
        self._solve()
        errors, deviations = self.leave_one_out()
        outlying = np.sqrt((errors**2).mean(1)) / (_OUTLYING * deviations)
        if warm_start is None and (outlying > 1).any():
            self._noise_factors = np.maximum(outlying, 1.0) ** 2
            self._logarithms = self._fit()
            self._solve()

    @property
    def logarithms(self) -> Array:
        """Logarithms of the weights of axes and labels, of the amplitude, and of the noise."""
        return self._logarithms

    @property
    def noise(self) -> float:
        """Standard deviation of the noise of one value."""
        return math.exp(self._logarithms[-1])

    def covariance(self, one: Coordinates, other: Coordinates) -> Array:
        """Prior covariance without noise, ``(one, other)``."""
        weights = np.exp(self._logarithms[:-2])
        count = one.axes.shape[1]
        scale = np.sqrt(weights[:count])
        a, b = one.axes * scale, other.axes * scale
        squared = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
        np.maximum(squared, 0.0, out=squared)
        for index, weight in enumerate(weights[count:]):
            squared += weight * np.not_equal.outer(one.labels[:, index], other.labels[:, index])
        return self._amplitude * _matern(squared)[0] + one.trends @ other.trends.T

    def variance(self, where: Coordinates) -> Array:
        """Diagonal of `covariance`."""
        found: Array = self._amplitude + (where.trends**2).sum(1)
        return found

    def explained_part(self, where: Coordinates) -> Array:
        """Whitened covariance of points with the known ones, ``(known, where)``.

        Its product with itself is the reduction of the `covariance` by the known values.
        """
        from scipy.linalg import solve_triangular

        cross = self.covariance(self._known, where)
        found: Array = solve_triangular(self._lower, cross, lower=True, check_finite=False)
        return found

    def predict(self, where: Coordinates) -> tuple[Array, Array]:
        """Mean, ``(where, outputs)``, and standard deviation of a new value, ``(where,)``."""
        mean = self.covariance(where, self._known) @ self._alpha
        variance = self.variance(where) - (self.explained_part(where) ** 2).sum(0)
        variance += where.own_variances
        return mean, np.sqrt(np.maximum(variance, 0.0) + self.noise**2)

    def leave_one_out(self) -> tuple[Array, Array]:
        """Leave-one-out error of each value, ``(known, outputs)``, and its deviation."""
        diagonal = np.diag(_inverse(self._lower))
        return self._alpha / diagonal[:, None], 1 / np.sqrt(diagonal)

    @property
    def _amplitude(self) -> float:
        return math.exp(2 * self._logarithms[-2])

    def _solve(self) -> None:
        covariance = self.covariance(self._known, self._known)
        covariance[np.diag_indices_from(covariance)] += (
            self.noise**2 * self._noise_factors + self._known.own_variances
        )
        self._lower = np.linalg.cholesky(covariance)
        self._alpha = _inverse(self._lower) @ self._values

    def _fit(self) -> Array:
        from scipy.optimize import minimize

        some = slice(_FIT_AT_MOST)
        where = self._known.take(some)
        squares = np.array(
            [np.subtract.outer(axis, axis) ** 2 for axis in where.axes.T]
            + [np.not_equal.outer(label, label) * 1.0 for label in where.labels.T]
        )
        # The weight of a coordinate that is the same in all known points keeps its first guess.
        moving = np.array([*squares.any(axis=(1, 2)), True, True])
        evidence = _Evidence(
            squares=squares[moving[:-2]],
            trends=where.trends @ where.trends.T,
            values=self._values[some],
            noise_factors=self._noise_factors[some],
            variances=where.own_variances,
        )
        guess = self._guess[moving]
        spread = np.full(len(guess), _SPREAD_OF_WEIGHTS)
        spread[-2:] = _SPREAD_OF_SCALES

        def loss(logarithms: Array) -> tuple[float, Array]:
            value, gradient = evidence.loss(logarithms)
            pull = (logarithms - guess) / spread
            return value + 0.5 * float(pull @ pull), gradient + pull / spread

        bounds = [(first - _FARTHEST, first + _FARTHEST) for first in guess]
        bounds[-1] = (guess[-1] - _LEAST_NOISE, guess[-1] + _FARTHEST)
        start = self._logarithms[moving]
        found = minimize(loss, start, jac=True, bounds=bounds, options={"maxiter": 60})
        logarithms = self._guess.copy()
        logarithms[moving] = found.x
        return logarithms


@dataclass(frozen=True, kw_only=True, slots=True)
class _Evidence:
    """The data that weights are fitted to.

    Args:
        squares: Squared distances along each axis and label, ``(weights, known, known)``.
        trends: Covariance of the trends, ``(known, known)``.
        values: Known values of each output, ``(known, outputs)``.
        noise_factors: Factors of each value's noise variance, ``(known,)``.
        variances: Variance of each value's own, ``(known,)``, or none.
    """

    squares: Array
    trends: Array
    values: Array
    noise_factors: Array
    variances: Array | float = 0.0

    def loss(self, logarithms: Array) -> tuple[float, Array]:
        """Negative logarithm of the evidence, a mean over the outputs, and its gradient."""
        count, outputs = self.values.shape
        weights = np.exp(logarithms[:-2])
        amplitude, noise = np.exp(2 * logarithms[-2:])
        shape, slope = _matern(np.tensordot(weights, self.squares, 1))
        covariance = amplitude * shape + self.trends
        covariance[np.diag_indices(count)] += noise * self.noise_factors + self.variances
        lower = np.linalg.cholesky(covariance)
        inverse = _inverse(lower)
        alpha = inverse @ self.values
        loss = 0.5 * float((self.values * alpha).sum()) / outputs + float(
            np.log(np.diag(lower)).sum()
        )
        inner = 0.5 * (inverse - alpha @ alpha.T / outputs)
        gradient = np.empty_like(logarithms)
        gradient[:-2] = weights * np.tensordot(self.squares, inner * amplitude * slope, 2)
        gradient[-2] = 2 * amplitude * (inner * shape).sum()
        gradient[-1] = 2 * noise * (np.diag(inner) * self.noise_factors).sum()
        return loss, gradient


def _matern(squared: Array) -> tuple[Array, Array]:
    """The Matern covariance of smoothness 5/2, and its derivative by the squared distance."""
    scaled = np.sqrt(5 * squared)
    decay = np.exp(-scaled)
    return (1 + scaled + scaled**2 / 3) * decay, -5 / 6 * (1 + scaled) * decay


def _inverse(lower: Array) -> Array:
    from scipy.linalg import cho_solve

    if not len(lower):
        return lower
    solved: Array = cho_solve((lower, True), np.eye(len(lower)), check_finite=False)
    return solved
