"""The interface of strategies, and the problem that they are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeslim.errors import InfeasibleTargetError
from edgeslim.progress import SILENT, Progress
from edgeslim.pruning.latency import LatencyModel
from edgeslim.pruning.limits import ModelLatencyLimit, PruningLimit
from edgeslim.pruning.raise_widths import raise_widths
from edgeslim.pruning.subject import PrunableModel, Widths, widths_at

__all__ = ["Losses", "PruningStrategy", "WidthProblem", "bisect_widths", "choose_widths"]

_HALVINGS = 24


class Losses(Protocol):
    """Losses of narrowing each group alone."""

    def loss_at(self, group: str, ratio: ArrayLike) -> NDArray[np.float64]:
        """The loss when a share of the group's channels is removed; rises with the share."""

    def ratio_at(self, group: str, loss: ArrayLike) -> NDArray[np.float64]:
        """The largest removed share that loses no more than this."""


@dataclass(frozen=True, kw_only=True)
class WidthProblem:
    """The problem of choosing widths within a limit.

    Args:
        subject: The model to be pruned.
        limit: Limit on latency or work.
        find_losses: Finds the losses of narrowing each group alone; called only if needed.
        evaluate: Measures the metric of the task at some widths; None without a task.
        generator: Source of all randomness.
        tries: How many widths may be evaluated.
        latency: Predicts latency if the limit is on work, to raise widths where wider ones take
            no longer; or None.
        progress: Shows how far it is.
    """

    subject: PrunableModel
    limit: PruningLimit
    find_losses: Callable[[], Losses]
    generator: np.random.Generator
    evaluate: Callable[[Widths], float] | None = None
    tries: int = 100
    latency: LatencyModel | None = None
    progress: Progress = SILENT

    @cached_property
    def losses(self) -> Losses:
        """Losses of narrowing each group alone."""
        return self.find_losses()

    @cached_property
    def least(self) -> dict[str, int]:
        """The narrowest widths that may be chosen."""
        return self.limit.narrowest()

    def at(self, ratios: dict[str, float]) -> dict[str, int]:
        """Widths when these shares of the groups are removed, but not below the narrowest."""
        found = widths_at(self.subject.groups, ratios)
        return {name: max(width, self.least[name]) for name, width in found.items()}

    def check_reachable(self) -> None:
        """Checks that the narrowest widths are within the limit.

        Raises:
            InfeasibleTargetError: They are not.
        """
        value, most = self.limit.of(self.least), self.limit.maximum
        if not value <= most:
            raise InfeasibleTargetError(
                f"{self.limit.format(most)} is out of reach: as narrow as it can be the model is "
                f"still at {self.limit.format(value)}; ask for that, or let more groups be pruned"
            )


class PruningStrategy(Protocol):
    """Chooses widths within a limit."""

    @property
    def needs_task(self) -> bool:
        """Whether it evaluates networks on a task."""

    @property
    def uses_losses(self) -> bool:
        """Whether it uses the losses of groups."""

    def widths(self, problem: WidthProblem) -> dict[str, int]:
        """The widths of the groups that may be pruned.

        Raises:
            InfeasibleTargetError: Nothing meets the limit; the message has what can be reached.
        """


def choose_widths(strategy: PruningStrategy, problem: WidthProblem) -> dict[str, int]:
    """The widths that a strategy chooses, without pruning that saves nothing.

    A model that is within the limit stays whole. Since latency is a step function of width, widths
    are raised within the limit where that is predicted to take no longer.

    Raises:
        InfeasibleTargetError: Nothing meets the limit; the message has what can be reached.
    """
    limit = problem.limit
    if limit.is_met(problem.subject.whole):
        return dict(problem.subject.whole)
    widths = strategy.widths(problem)
    model = limit.model if isinstance(limit, ModelLatencyLimit) else problem.latency
    return widths if model is None else raise_widths(model, widths, limit.is_met)


def bisect_widths(
    problem: WidthProblem, widths_of: Callable[[float], dict[str, int]]
) -> dict[str, int]:
    """Finds by bisection the first widths within the limit, from whole (0) to narrowest (1).

    The narrowest are within it: see `WidthProblem.check_reachable`. The limited value should fall
    along the path; where a latency does not quite, the result is within the limit all the same.
    """
    if problem.limit.is_met(widths_of(0.0)):
        return widths_of(0.0)
    low, high, found = 0.0, 1.0, widths_of(1.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        widths = widths_of(middle)
        if problem.limit.is_met(widths):
            high, found = middle, widths
        else:
            low = middle
    return found
