"""NSGA-II: networks that no other dominates in reward and costs.

Deb et al., 2002, https://doi.org/10.1109/4235.996017, one child at a time (steady state;
Durillo et al., 2009, https://doi.org/10.1007/978-3-642-01020-0_18), so that several may be
evaluated in parallel and no generation waits for its last. Optuna's sampler is not
used: it takes parents from trials that it numbered by generation itself, so that neither
vectors changed to be feasible nor ones known from elsewhere can become parents; and it would
learn costs from trials, which here are known before and may change.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeslim.algorithms._algorithm import Problem
from edgeslim.algorithms._proposals import IntArray, Proposals
from edgeslim.spaces import Tokens

__all__ = ["ALGORITHM", "Nsga2"]

Array = np.ndarray[Any, np.dtype[np.float64]]

_CHILDREN = 64
"""Number of children drawn at once, of which the first allowed one is proposed."""


class Nsga2:
    """A population spread along the front.

    Args:
        problem: The problem that is searched.
        population: How many of the best vectors are parents.
        crossover: Probability that a child has two parents.
    """

    def __init__(self, problem: Problem, *, population: int = 24, crossover: float = 0.9) -> None:
        self._problem = problem
        self._proposals = Proposals(problem)
        self._size, self._crossover = population, crossover
        self._asked = 0
        self._rewards: dict[Tokens, float] = {}

    def ask(self) -> Tokens | None:
        self._asked += 1
        found = self._proposals.draw_allowed() if self._asked <= self._size else self._child()
        return self._proposals.take(found or self._proposals.nearest_allowed(self._problem.start))

    def tell(self, tokens: Tokens, reward: float) -> None:
        self._proposals.exclude(tokens)
        self._rewards[tokens] = reward

    def _child(self) -> Tokens | None:
        """A child of the population that may be proposed; None without a population."""
        parents = self._parents()
        if not parents:
            return None
        generator, vectors = self._problem.generator, np.array(parents, np.int64)
        # Tournaments of two, as parents are in order; one for each parent of each child.
        one, other = generator.integers(len(parents), size=(2, _CHILDREN, 2)).min(axis=2)
        mixed = generator.random((_CHILDREN, 1)) < self._crossover
        from_other = mixed & (generator.random((_CHILDREN, vectors.shape[1])) < 0.5)
        children = self._mutate(np.where(from_other, vectors[other], vectors[one]))
        return self._proposals.first_allowed(children) or self._proposals.last_allowed_toward(
            children, parents[0]
        )

    def _mutate(self, vectors: IntArray) -> IntArray:
        """Draws tokens anew, on average one in each vector."""
        generator = self._problem.generator
        changes = generator.random(vectors.shape) < 1 / vectors.shape[1]
        drawn = generator.integers(0, self._problem.ranges, vectors.shape)
        return np.where(changes, drawn, vectors)

    def _parents(self) -> list[Tokens]:
        """The best vectors within the limits now, sorted by front, then by crowding distance.

        Only they are kept, beside those that are told next.
        """
        known = list(self._rewards)
        if not known:
            return []
        fits = self._problem.feasible(known)
        vectors = [tokens for tokens, fit in zip(known, fits, strict=True) if fit]
        if not vectors:
            return []
        rewards = np.array([[self._rewards[tokens]] for tokens in vectors])
        objectives = np.hstack([-rewards, np.nan_to_num(self._problem.costs(vectors), nan=np.inf)])
        ranks = _ranks(objectives)
        crowding = np.zeros(len(vectors))
        for rank in range(int(ranks.max()) + 1):
            front = np.flatnonzero(ranks == rank)
            crowding[front] = _crowding(objectives[front])
        order = np.lexsort((-crowding, ranks))[: self._size]
        self._rewards = {vectors[place]: self._rewards[vectors[place]] for place in order}
        return list(self._rewards)


def _ranks(objectives: Array) -> IntArray:
    """Front of each row, 0 for those that no other dominates; all objectives are minimised."""
    at_least = (objectives[:, None] <= objectives[None]).all(axis=2)
    beats = at_least & ~at_least.T
    ranks = np.full(len(objectives), -1, np.int64)
    rank = 0
    while (left := ranks < 0).any():
        ranks[left & ~(beats & left[:, None]).any(axis=0)] = rank
        rank += 1
    return ranks


def _crowding(objectives: Array) -> Array:
    """Crowding distance of each row of a front; infinite for its ends."""
    distances = np.zeros(len(objectives))
    for column in objectives.T:
        order = np.argsort(column, kind="stable")
        values = column[order]
        distances[order[[0, -1]]] = np.inf
        if np.isfinite(values).all() and values[-1] > values[0]:
            distances[order[1:-1]] += (values[2:] - values[:-2]) / (values[-1] - values[0])
    return distances


ALGORITHM = Nsga2
