"""Latency as a sum of costs of an operator, each times a price of the device.

The parts of the roofline (Williams, Waterman and Patterson, CACM 52(4), 2009), added up: a
start, the multiply-accumulates in whole blocks of channels, and the bytes moved. Prices are
fitted in logarithms, so that they are positive and every operator's relative error counts
the same, with a prior around a first guess: a few tiny operators do not determine the price of a
multiply-accumulate.
"""

from __future__ import annotations

import numpy as np

from edgeslim.prediction.gaussian_process import Array
from edgeslim.prediction.operator_features import COSTS

__all__ = ["NOMINAL_PRICES", "device_prices", "fit_posterior", "fit_prices", "shares"]

_ERROR = 0.15
"""Relative error of such a sum at best."""

_DEVICE_SPREAD = 1.5
"""Standard deviation of the logarithm of a price, between devices of one speed."""

_STEPS = 30

NOMINAL_PRICES = np.array([{"start": 5e-3, "macs": 0.025, "bytes": 0.2}[part] for part in COSTS])
"""Milliseconds for a start, a million multiply-accumulates at each block size, a megabyte.

Only their ratios matter, and only until there are measurements.
"""


def device_prices(costs: Array, latencies_ms: Array) -> Array:
    """Prices of a device, from operators of all kinds; see `fit_prices`."""
    if not len(costs):
        return NOMINAL_PRICES
    speed = np.exp(np.median(np.log(latencies_ms / (costs @ NOMINAL_PRICES))))
    return fit_prices(costs, latencies_ms, NOMINAL_PRICES * speed, spread=_DEVICE_SPREAD)


def fit_prices(costs: Array, latencies_ms: Array, guess: Array, *, spread: float) -> Array:
    """Fits prices of the greatest posterior probability, by the Gauss-Newton method.

    Args:
        costs: Costs of operators, ``(operators, parts)``, not negative; each operator has some.
        latencies_ms: Latencies of the operators, ``(operators,)``, positive.
        guess: Prior prices, ``(parts,)``, positive.
        spread: Standard deviation of their logarithms.
    """
    prices, _ = fit_posterior(
        costs,
        latencies_ms,
        guess,
        prior=spread**2 * np.eye(len(guess)),
        errors=np.full(len(costs), _ERROR),
    )
    return prices


def fit_posterior(
    costs: Array, latencies_ms: Array, guess: Array, *, prior: Array, errors: Array
) -> tuple[Array, Array]:
    """Fits prices as `fit_prices`, and how well they are known.

    Args:
        costs: Costs of operators, ``(operators, parts)``, not negative; each operator has some.
        latencies_ms: Latencies of the operators, ``(operators,)``, positive.
        guess: Prior prices, ``(parts,)``, positive.
        prior: Covariance of their logarithms, ``(parts, parts)``.
        errors: Relative error of each operator's sum, ``(operators,)``.

    Returns:
        Prices, ``(parts,)``, and the covariance of their logarithms, ``(parts, parts)``.
    """
    wanted = np.log(latencies_ms)
    precisions = errors**-2
    precision = np.linalg.inv(prior)
    curvature = precision
    logarithms = np.zeros(len(guess))
    for _ in range(_STEPS):
        prices = guess * np.exp(logarithms)
        slope = shares(costs, prices)
        error = wanted - np.log(costs @ prices)
        curvature = slope.T @ (slope * precisions[:, None]) + precision
        pull = slope.T @ (error * precisions) - precision @ logarithms
        step = np.clip(np.linalg.solve(curvature, pull), -1.0, 1.0)
        logarithms += step
        if np.abs(step).max(initial=0.0) < 1e-6:
            break
    return guess * np.exp(logarithms), np.linalg.inv(curvature)


def shares(costs: Array, prices: Array) -> Array:
    """Share of each cost in each operator's latency, ``(operators, parts)``.

    It is also the derivative of the latency's logarithm by the prices' logarithms.
    """
    parts = costs * prices
    shared: Array = parts / parts.sum(1, keepdims=True)
    return shared
