"""A linear model of few numbers, each held near what is expected of it, with its errors.

Bayesian regression in closed form, as for latencies (`edgeslim.prediction.network_fit`), without
its choice among forms: only the size of the noise is chosen, as what makes the networks the most
probable. Every network is also predicted by the others alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgeslim.prediction.conformal import conformal_quantile
from edgeslim.prediction.network_features import Array

__all__ = ["LinearFit", "fit_linear"]

_NOISES = np.geomspace(0.1, 30.0, 24)
"""Standard deviations of the noise that are tried, over the expected one."""
_NOISE_SPREAD = 1.0
"""Standard deviation of the logarithm of that ratio."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinearFit:
    """A fitted model: a value is the product of a row of columns and the numbers.

    Args:
        numbers: What the columns are multiplied with, most probably, ``(columns,)``.
        covariance: What is not known of them, ``(columns, columns)``.
        noise: Standard deviation of a network by itself, in multiples of its scale.
        errors: Error of each network's prediction by the others, ``(networks,)``, above 0 where
            too much is predicted.
        deviations: Standard deviation that each error was expected to have, ``(networks,)``.
    """

    numbers: Array
    covariance: Array
    noise: float
    errors: Array
    deviations: Array

    def predict(self, columns: Array) -> float:
        """The value of a network by its columns."""
        return float(columns @ self.numbers)

    def half_width(self, columns: Array, scale: float, *, confidence: float = 0.9) -> float:
        """Half-width of the interval around a prediction.

        Args:
            columns: Columns of the network, ``(columns,)``.
            scale: Size of the network's noise over the expected one, as in the fit.
            confidence: Probability that the value is within.
        """
        variance = float(columns @ self.covariance @ columns) + (self.noise * scale) ** 2
        return conformal_quantile(self.errors, self.deviations, confidence) * math.sqrt(variance)


def fit_linear(
    columns: Array, values: Array, scales: Array, *, centre: Array, spreads: Array
) -> LinearFit:
    """Fits the numbers to measured networks.

    Args:
        columns: What each number is multiplied with, ``(networks, columns)``.
        values: Measured value of each network, ``(networks,)``.
        scales: Standard deviation that is expected of each value, ``(networks,)``.
        centre: What is expected of the numbers, ``(columns,)``.
        spreads: Standard deviations of that, ``(columns,)``.
    """
    rows = columns * spreads / scales[:, None]
    wanted = (values - columns @ centre) / scales
    fits = [(_evidence(rows, wanted, noise), noise) for noise in _NOISES.tolist()]
    _, noise = max(fits)
    covariance = np.linalg.inv(rows.T @ rows / noise**2 + np.eye(spreads.size))
    moved = covariance @ rows.T @ wanted / noise**2
    leverages = np.einsum("ni,ij,nj->n", rows, covariance, rows) / noise**2
    return LinearFit(
        numbers=centre + spreads * moved,
        covariance=covariance * np.outer(spreads, spreads),
        noise=noise,
        errors=scales * (rows @ moved - wanted) / (1.0 - leverages),
        deviations=scales * noise / np.sqrt(1.0 - leverages),
    )


def _evidence(rows: Array, wanted: Array, noise: float) -> float:
    """Logarithm of the probability of what was measured, up to a constant."""
    covariance = rows @ rows.T + noise**2 * np.eye(len(wanted))
    _, determinant = np.linalg.slogdet(covariance)
    fit = float(wanted @ np.linalg.solve(covariance, wanted))
    return -(fit + float(determinant) + (math.log(noise) / _NOISE_SPREAD) ** 2) / 2
