"""A Gaussian process on the rewards of vectors: what is expected of others, and how surely.

The reward is a straight line in the logarithms of the costs, for what may take longer is
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

__all__ = ["RewardModel", "Settings", "best_settings"]

Array = np.ndarray[Any, np.dtype[np.float64]]

_LEAST_SPREAD = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What a reward model takes for granted.

    Args:
        share: Of a token's own part beside what all have in common; large ones give pairs
            and triples of tokens more weight.
        reach: Over which part of a token's range rewards are alike.
        noise: Variance of a reward that was told, beside that of all rewards.
        trust: In a straight line through the logarithms of the costs.
    """

    share: float
    reach: float
    noise: float
    trust: float


_GRID = tuple(
    Settings(share=share, reach=reach, noise=noise, trust=trust)
    for share, reach, noise, trust in product(
        (0.1, 0.3, 1.0), (0.1, 0.5, 2.0), (1e-4, 1e-2, 1e-1), (0.01, 1.0)
    )
)
"""Few and apart: the choice is the same on every machine, whatever its rounding."""


class RewardModel:
    """What the rewards that were told say of others.

    Args:
        tokens: Vectors, ``(told, tokens)``, each token divided by its largest value.
        costs: Their costs, ``(told, costs)``, logarithms.
        rewards: ``(told,)``.
        settings: What is taken for granted.
    """

    def __init__(self, tokens: Array, costs: Array, rewards: Array, settings: Settings) -> None:
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
        """Logarithm of how likely the rewards are, but for a constant."""

    def predict(self, tokens: Array, costs: Array) -> tuple[Array, Array]:
        """Expected rewards and their standard deviations, ``(vectors,)`` both."""
        from scipy.linalg import solve_triangular

        costs = (costs - self._centre) / self._scale
        between = self._kernel(tokens, costs)
        own = 1 + self._settings.trust * (costs**2).sum(axis=1)
        told = solve_triangular(self._factor[0], between.T, lower=True, check_finite=False)
        variance = np.maximum(own - (told**2).sum(axis=0), 1e-12)
        expected = self._mean + self._spread * (between @ self._weights)
        return expected, self._spread * np.sqrt(variance)

    def _kernel(self, tokens: Array, costs: Array) -> Array:
        """Covariance of vectors with those told of, ``(vectors, told)``."""
        share, reach = self._settings.share, self._settings.reach
        alike: Array = np.ones((len(tokens), len(self._tokens)))
        for place in range(tokens.shape[1]):
            apart = np.abs(tokens[:, place, None] - self._tokens[None, :, place])
            alike *= (1 + share * np.exp(-apart / reach)) / (1 + share)
        alike += self._settings.trust * (costs @ self._costs.T)
        return alike


def best_settings(tokens: Array, costs: Array, rewards: Array) -> Settings:
    """Those under which the rewards are likeliest."""
    return max(_GRID, key=lambda each: RewardModel(tokens, costs, rewards, each).evidence)
