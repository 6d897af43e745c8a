"""Search on a model of the rewards.

A Gaussian process learns what tokens, pairs of them and the costs are worth. An evolution on
the model, which trains nothing, proposes the vector of the largest expected improvement
(Jones et al., 1998, https://doi.org/10.1023/A:1008306431147). Vectors whose rewards are still
awaited count as having the reward that is expected of them (Ginsbourger et al., 2010,
https://doi.org/10.1007/978-3-642-10701-6_6).
"""

from __future__ import annotations

import numpy as np

from edgeslim.algorithms._algorithm import Problem
from edgeslim.algorithms._proposals import Proposals
from edgeslim.algorithms._reward_model import Array, RewardModel, Settings, best_settings
from edgeslim.spaces import Tokens

__all__ = ["ALGORITHM", "Surrogate"]

_ROUNDS = 6
_PARENTS = 16
_CHILDREN = 128
_WIDTHS = (1, 2, 3)
_AGAIN = 1.3
"""The model's settings are chosen anew whenever there are this many times as many rewards."""
_LEAST_COST = 1e-12


class Surrogate:
    """A model of the rewards, and an evolution on it.

    Args:
        problem: What is searched.
        first: How many vectors come from anywhere before the model is asked.
    """

    def __init__(self, problem: Problem, *, first: int = 5) -> None:
        self._problem = problem
        self._proposals = Proposals(problem)
        self._first = first
        self._asked = 0
        self._rewards: dict[Tokens, float] = {}
        self._awaited: dict[Tokens, None] = {}
        self._settings: Settings | None = None
        self._chosen_at = 0

    def ask(self) -> Tokens | None:
        self._asked += 1
        if self._asked <= self._first or not self._rewards:
            proposal = self._proposals.anywhere()
        else:
            proposal = self._promising()
        proposal = self._proposals.taken(proposal or self._proposals.near(self._best()[0]))
        if proposal is not None:
            self._awaited[proposal] = None
        return proposal

    def tell(self, tokens: Tokens, reward: float) -> None:
        self._proposals.saw(tokens)
        self._awaited.pop(tokens, None)
        self._rewards[tokens] = reward

    def _best(self) -> list[Tokens]:
        """The best of what is within the limits now, or the start."""
        told = list(self._rewards)
        fits = self._problem.feasible(told) if told else ()
        within = [each for each, fit in zip(told, fits, strict=True) if fit]
        return _largest({each: self._rewards[each] for each in within}) or [self._problem.start]

    def _promising(self) -> Tokens | None:
        """The vector that the model expects most of, found by an evolution on it."""
        model = self._model()
        best = float(model.predict(*self._seen_as(list(self._rewards)))[0].max())
        parents, worth = self._best(), dict[Tokens, float]()
        vectors = self._proposals.drawn()
        for _ in range(_ROUNDS):
            near = [self._proposals.changed(parents, width, _CHILDREN) for width in _WIDTHS]
            found = self._proposals.allowed(np.vstack([vectors, *near]))
            new = [each for each in found if each not in worth]
            if new:
                improvement = _improvement(*model.predict(*self._seen_as(new)), best)
                worth.update(zip(new, improvement.tolist(), strict=True))
            parents, vectors = _largest(worth) or parents, vectors[:0]
        return parents[0] if worth else None

    def _model(self) -> RewardModel:
        """What was told, and what is expected of that which is awaited."""
        tokens, costs = self._seen_as(list(self._rewards))
        rewards = np.array(list(self._rewards.values()))
        if self._settings is None or len(rewards) >= _AGAIN * self._chosen_at:
            self._settings, self._chosen_at = best_settings(tokens, costs, rewards), len(rewards)
        model = RewardModel(tokens, costs, rewards, self._settings)
        if not self._awaited:
            return model
        more, more_costs = self._seen_as(list(self._awaited))
        expected, _ = model.predict(more, more_costs)
        return RewardModel(
            np.vstack([tokens, more]),
            np.vstack([costs, more_costs]),
            np.concatenate([rewards, expected]),
            self._settings,
        )

    def _seen_as(self, vectors: list[Tokens]) -> tuple[Array, Array]:
        """The vectors as the model sees them: parts of ranges, and logarithms of costs."""
        tokens = np.array(vectors, np.float64) / np.maximum(np.array(self._problem.ranges) - 1, 1)
        costs = np.nan_to_num(self._problem.costs(vectors), nan=1.0)
        return tokens, np.log(np.maximum(costs, _LEAST_COST))


def _largest(worth: dict[Tokens, float]) -> list[Tokens]:
    """Some vectors of the largest values, which are in no other order than theirs."""
    return sorted(worth, key=lambda each: (-worth[each], each))[:_PARENTS]


def _improvement(expected: Array, deviation: Array, best: float) -> Array:
    """How much better than the best a reward is expected to be, nought where it is not."""
    from scipy.special import ndtr

    ahead = (expected - best) / deviation
    density = np.exp(-0.5 * ahead**2) / np.sqrt(2 * np.pi)
    improvement: Array = deviation * (ahead * ndtr(ahead) + density)
    return improvement


ALGORITHM = Surrogate
