"""Simulated annealing over ratios in hundredths, as PaddleSlim 1.x's automatic pruning.

A token is a ratio in steps of 0.01, at most `_LARGEST`. It starts from the uniform ratio, and
all its proposals are within the limit. The reward is the task's metric of the pruned
network. The original's temperature starts at 100 and falls by 0.9 a step, which makes most of
its steps a random walk, and is kept for comparison.
"""

from __future__ import annotations

import numpy as np

from edgeslim.algorithms import Problem
from edgeslim.algorithms.annealing import Annealing
from edgeslim.errors import UsageError
from edgeslim.pruning.strategies._strategy import WidthProblem

__all__ = ["STRATEGY"]

_STEP = 0.01
_LARGEST = 0.95
_INITIAL_TEMPERATURE = 100.0
_REDUCE_RATE = 0.9


class _Annealing:
    needs_task = True
    uses_losses = False

    def widths(self, problem: WidthProblem) -> dict[str, int]:
        if problem.evaluate is None:
            raise UsageError("annealing evaluates pruned networks: give it a --task")
        problem.check_reachable()
        names = problem.subject.chosen

        def widths_of(tokens: tuple[int, ...]) -> dict[str, int]:
            ratios = [token * _STEP for token in tokens]
            return problem.at(dict(zip(names, ratios, strict=True)))

        most = round(_LARGEST / _STEP)
        start = self._start(problem, most)
        algorithm = Annealing(
            Problem(
                ranges=(most + 1,) * len(names),
                start=start,
                feasible=lambda population: np.array(
                    [problem.limit.is_met(widths_of(tokens)) for tokens in population]
                ),
                costs=lambda population: np.empty((len(population), 0)),
                generator=problem.generator,
            ),
            initial_temperature=_INITIAL_TEMPERATURE,
            reduce_rate=_REDUCE_RATE,
        )
        best, best_reward, best_value = widths_of((most,) * len(names)), -1.0, 0.0
        with problem.progress.stage("candidates", problem.tries) as stage:
            for number in range(problem.tries):
                tokens = algorithm.ask() if number else start
                if tokens is None:
                    break
                widths = widths_of(tokens)
                reward = problem.evaluate(widths)
                algorithm.tell(tokens, reward)
                # On few examples many have the same metric: of these, keep the largest.
                value = problem.limit.of(widths)
                if (reward, value) > (best_reward, best_value):
                    best, best_reward, best_value = widths, reward, value
                stage.advance(note=f"best {best_reward:.4f}")
        return best

    def _start(self, problem: WidthProblem, most: int) -> tuple[int, ...]:
        """The smallest token that is within the limit for all groups."""
        names = problem.subject.chosen
        found = most
        for token in range(most, -1, -1):
            if not problem.limit.is_met(problem.at(dict.fromkeys(names, token * _STEP))):
                break
            found = token
        return (found,) * len(names)


STRATEGY = _Annealing()
