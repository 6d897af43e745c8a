"""Tree-structured Parzen estimators, by Optuna.

Bergstra et al., 2011, https://papers.nips.cc/paper/4443; Optuna's version: Watanabe,
2023, https://arxiv.org/abs/2304.11127. Its sampler does not know limits. Of several samples, the
first that may be proposed is; if none may, the last allowed one on the way to the first. The study
has each proposal as a running trial, which the sampler counts as a bad one, until its reward is
told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edgeslim.algorithms._algorithm import Problem
from edgeslim.algorithms._proposals import Proposals
from edgeslim.spaces import Tokens

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution

__all__ = ["ALGORITHM", "Tpe"]

_WISHES = 4


class Tpe:
    """Optuna's sampler on a study in memory.

    Args:
        problem: The problem that is searched.
        first: How many random vectors are proposed before the sampler is used.
    """

    def __init__(self, problem: Problem, *, first: int = 10) -> None:
        from optuna.distributions import IntDistribution

        self._problem = problem
        self._proposals = Proposals(problem)
        self._first = first
        self._asked = 0
        self._best, self._best_reward = problem.start, float("-inf")
        self._study = _study(int(problem.generator.integers(2**31)))
        self._distributions: dict[str, BaseDistribution] = {
            str(place): IntDistribution(0, size - 1) for place, size in enumerate(problem.ranges)
        }
        self._pending: dict[Tokens, int] = {}

    def ask(self) -> Tokens | None:
        self._asked += 1
        if self._asked <= self._first:
            proposal = self._proposals.draw_allowed()
        else:
            wishes = [self._sample() for _ in range(_WISHES)]
            proposal = self._proposals.first_allowed(wishes) or self._proposals.last_allowed_toward(
                wishes, self._best
            )
        proposal = self._proposals.take(proposal or self._proposals.nearest_allowed(self._best))
        if proposal is not None:
            self._pending[proposal] = self._add_trial(proposal, None)
        return proposal

    def tell(self, tokens: Tokens, reward: float) -> None:
        self._proposals.exclude(tokens)
        if reward > self._best_reward:
            self._best, self._best_reward = tokens, reward
        number = self._pending.pop(tokens, None)
        if number is None:
            self._add_trial(tokens, reward)
        else:
            self._study.tell(number, reward)

    def _sample(self) -> Tokens:
        """A sample of the sampler, which is not kept as a trial of its study."""
        from optuna.trial import TrialState

        trial = self._study.ask(self._distributions)
        self._study.tell(trial, state=TrialState.FAIL)
        return tuple(int(trial.params[name]) for name in self._distributions)

    def _add_trial(self, tokens: Tokens, reward: float | None) -> int:
        """Adds a trial, running if its reward is not known; returns its number."""
        from optuna.trial import TrialState, create_trial

        self._study.add_trial(
            create_trial(
                state=TrialState.RUNNING if reward is None else TrialState.COMPLETE,
                value=reward,
                params=dict(zip(self._distributions, tokens, strict=True)),
                distributions=self._distributions,
            )
        )
        return len(self._study.get_trials(deepcopy=False)) - 1


def _study(seed: int) -> Study:
    import optuna

    with _quiet():
        sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=0)
        return optuna.create_study(direction="maximize", sampler=sampler)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences Optuna's messages about the study, which is internal, and about its options."""
    import warnings

    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


ALGORITHM = Tpe
