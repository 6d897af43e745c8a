"""A Gaussian process on the rewards of vectors: expected rewards and their deviations.

The reward is linear in the logarithms of the costs, since networks that take longer are
mostly better, plus a part for each token, for each pair of tokens and so on: the kernel is
the product of ``1 + share * k_i`` over the tokens (Duvenaud et al., 2011,
https://arxiv.org/abs/1112.4394), with ``k_i`` falling with the distance of two values. Formulas:
Rasmussen and Williams, 2006, http://gaussianprocess.org/gpml, chapter 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

__all__ = ["RewardModel", "RewardModelSettings", "fit_settings"]

Array = np.ndarray[Any, np.dtype[np.float64]]

_LEAST_SPREAD = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class RewardModelSettings:
    """Hyperparameters of a reward model.

    Args:
        share: Weight of each token's own part beside the common part; large ones give pairs
            and triples of tokens more weight.
        reach: Length scale of rewards, as a part of a token's range.
        noise: Variance of the noise of a reward, relative to that of all rewards.
        trust: Prior variance of the slopes in the logarithms of the costs.
    """

    share: float
    reach: float
    noise: float
    trust: float


_GRID = tuple(
    RewardModelSettings(share=share, reach=reach, noise=noise, trust=trust)
    for share, reach, noise, trust in product(
        (0.1, 0.3, 1.0), (0.1, 0.5, 2.0), (1e-4, 1e-2, 1e-1), (0.01, 1.0)
    )
)
"""A coarse grid, so that rounding does not change the choice from machine to machine."""


class RewardModel:
    """Predicts rewards of vectors from known rewards.

    Args:
        tokens: Known vectors, ``(known, tokens)``, each token divided by its largest value.
        costs: Logarithms of their costs, ``(known, costs)``.
        rewards: Rewards of the known vectors, ``(known,)``.
        settings: Hyperparameters of the model.
    """

    def __init__(
        self, tokens: Array, costs: Array, rewards: Array, settings: RewardModelSettings
    ) -> None:
        from scipy.linalg import cho_factor, cho_solve

        self._settings = settings
        self._tokens = tokens
        self._centre = costs.mean(axis=0)
        self._scale = np.maximum(costs.std(axis=0), _LEAST_SPREAD)
        self._costs = (costs - self._centre) / self._scale
        self._mean = rewards.mean()
        self._spread = max(float(rewards.std()), _LEAST_SPREAD)
        wanted = (rewards - self._mean) / self._spread
        covariance = self._kernel(self._tokens, self._costs)
        covariance[np.diag_indices_from(covariance)] += settings.noise
        self._factor = cho_factor(covariance, lower=True, check_finite=False)
        self._weights = cho_solve(self._factor, wanted, check_finite=False)
        logs = np.log(np.diag(self._factor[0])).sum()
        self.evidence = float(-0.5 * wanted @ self._weights - logs)
        """Logarithm of the marginal likelihood of the rewards, up to a constant."""

    def predict(self, tokens: Array, costs: Array) -> tuple[Array, Array]:
        """Expected rewards and their standard deviations, ``(vectors,)`` both."""
        from scipy.linalg import solve_triangular

        costs = (costs - self._centre) / self._scale
        between = self._kernel(tokens, costs)
        own = 1 + self._settings.trust * (costs**2).sum(axis=1)
        explained = solve_triangular(self._factor[0], between.T, lower=True, check_finite=False)
        variance = np.maximum(own - (explained**2).sum(axis=0), 1e-12)
        expected = self._mean + self._spread * (between @ self._weights)
        return expected, self._spread * np.sqrt(variance)

    def _kernel(self, tokens: Array, costs: Array) -> Array:
        """Covariance of vectors with the known ones, ``(vectors, known)``."""
        share, reach = self._settings.share, self._settings.reach
        alike: Array = np.ones((len(tokens), len(self._tokens)))
        for place in range(tokens.shape[1]):
            apart = np.abs(tokens[:, place, None] - self._tokens[None, :, place])
            alike *= (1 + share * np.exp(-apart / reach)) / (1 + share)
        alike += self._settings.trust * (costs @ self._costs.T)
        return alike


def fit_settings(tokens: Array, costs: Array, rewards: Array) -> RewardModelSettings:
    """The hyperparameters with the highest evidence."""
    return max(_GRID, key=lambda settings: RewardModel(tokens, costs, rewards, settings).evidence)
