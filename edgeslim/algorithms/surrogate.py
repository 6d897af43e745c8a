"""Bayesian optimisation: search on a surrogate model of the rewards.

A Gaussian process learns how tokens, pairs of them and the costs affect the reward. An evolution
on the model, which trains nothing, proposes the vector of the largest expected improvement
(Jones et al., 1998, https://doi.org/10.1023/A:1008306431147). Vectors whose rewards are still
pending count as having their expected reward (Ginsbourger et al., 2010,
https://doi.org/10.1007/978-3-642-10701-6_6).
"""

from __future__ import annotations

import numpy as np

from edgeslim.algorithms._algorithm import Problem
from edgeslim.algorithms._proposals import Proposals
from edgeslim.algorithms._reward_model import Array, RewardModel, RewardModelSettings, fit_settings
from edgeslim.spaces import Tokens

__all__ = ["ALGORITHM", "Surrogate"]

_ROUNDS = 6
_PARENTS = 16
_CHILDREN = 128
_WIDTHS = (1, 2, 3)
_AGAIN = 1.3
"""The model's hyperparameters are fitted again whenever rewards have grown by this factor."""
_LEAST_COST = 1e-12


class Surrogate:
    """A model of the rewards, and an evolution on it.

    Args:
        problem: The problem that is searched.
        first: How many random vectors are proposed before the model is used.
    """

    def __init__(self, problem: Problem, *, first: int = 5) -> None:
        self._problem = problem
        self._proposals = Proposals(problem)
        self._first = first
        self._asked = 0
        self._rewards: dict[Tokens, float] = {}
        self._pending: dict[Tokens, None] = {}
        self._settings: RewardModelSettings | None = None
        self._fitted_count = 0

    def ask(self) -> Tokens | None:
        self._asked += 1
        if self._asked <= self._first or not self._rewards:
            proposal = self._proposals.draw_allowed()
        else:
            proposal = self._maximise_improvement()
        proposal = self._proposals.take(
            proposal or self._proposals.nearest_allowed(self._best_vectors()[0])
        )
        if proposal is not None:
            self._pending[proposal] = None
        return proposal

    def tell(self, tokens: Tokens, reward: float) -> None:
        self._proposals.exclude(tokens)
        self._pending.pop(tokens, None)
        self._rewards[tokens] = reward

    def _best_vectors(self) -> list[Tokens]:
        """The best known vectors within the limits now, or the start."""
        known = list(self._rewards)
        fits = self._problem.feasible(known) if known else ()
        within = [tokens for tokens, fit in zip(known, fits, strict=True) if fit]
        return _best_of({tokens: self._rewards[tokens] for tokens in within}) or [
            self._problem.start
        ]

    def _maximise_improvement(self) -> Tokens | None:
        """The vector of the largest expected improvement, found by an evolution on the model."""
        model = self._model()
        best = float(model.predict(*self._features(list(self._rewards)))[0].max())
        parents, worth = self._best_vectors(), dict[Tokens, float]()
        vectors = self._proposals.draw()
        for _ in range(_ROUNDS):
            near = [self._proposals.mutate(parents, width, _CHILDREN) for width in _WIDTHS]
            found = self._proposals.filter_allowed(np.vstack([vectors, *near]))
            new = [tokens for tokens in found if tokens not in worth]
            if new:
                improvement = _expected_improvement(*model.predict(*self._features(new)), best)
                worth.update(zip(new, improvement.tolist(), strict=True))
            parents, vectors = _best_of(worth) or parents, vectors[:0]
        return parents[0] if worth else None

    def _model(self) -> RewardModel:
        """A model of the known rewards and, for pending vectors, of the expected ones."""
        tokens, costs = self._features(list(self._rewards))
        rewards = np.array(list(self._rewards.values()))
        if self._settings is None or len(rewards) >= _AGAIN * self._fitted_count:
            self._settings, self._fitted_count = fit_settings(tokens, costs, rewards), len(rewards)
        model = RewardModel(tokens, costs, rewards, self._settings)
        if not self._pending:
            return model
        more, more_costs = self._features(list(self._pending))
        expected, _ = model.predict(more, more_costs)
        return RewardModel(
            np.vstack([tokens, more]),
            np.vstack([costs, more_costs]),
            np.concatenate([rewards, expected]),
            self._settings,
        )

    def _features(self, vectors: list[Tokens]) -> tuple[Array, Array]:
        """Features of vectors: tokens as parts of their ranges, and logarithms of costs."""
        tokens = np.array(vectors, np.float64) / np.maximum(np.array(self._problem.ranges) - 1, 1)
        costs = np.nan_to_num(self._problem.costs(vectors), nan=1.0)
        return tokens, np.log(np.maximum(costs, _LEAST_COST))


def _best_of(worth: dict[Tokens, float]) -> list[Tokens]:
    """The vectors of the largest values, best first; ties are broken by the tokens."""
    return sorted(worth, key=lambda tokens: (-worth[tokens], tokens))[:_PARENTS]


def _expected_improvement(expected: Array, deviation: Array, best: float) -> Array:
    """Expected improvement over the best reward, 0 or more."""
    from scipy.special import ndtr

    ahead = (expected - best) / deviation
    density = np.exp(-0.5 * ahead**2) / np.sqrt(2 * np.pi)
    improvement: Array = deviation * (ahead * ndtr(ahead) + density)
    return improvement


ALGORITHM = Surrogate
