"""What every strategy is given, and what it says."""

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
from edgeslim.pruning.limits import LatencyLimit, Limit
from edgeslim.pruning.raising import raise_widths
from edgeslim.pruning.subject import Subject, Widths, widths_at

__all__ = ["Losses", "Strategy", "WidthProblem", "choose_widths", "smallest"]

_HALVINGS = 24


class Losses(Protocol):
    """What narrowing a group alone costs."""

    def loss_at(self, group: str, ratio: ArrayLike) -> NDArray[np.float64]:
        """The loss when a share of the group's channels goes; rises with the share."""

    def ratio_at(self, group: str, loss: ArrayLike) -> NDArray[np.float64]:
        """The largest share that costs no more than this."""


@dataclass(frozen=True, kw_only=True)
class WidthProblem:
    """Which widths are asked for.

    Args:
        subject: What is pruned.
        limit: What it must come down to.
        find_losses: Finds out what narrowing each group alone costs; asked only if needed.
        evaluate: Measures the metric of the task at some widths; None without a task.
        generator: Source of all randomness.
        tries: How many widths may be evaluated.
        latency: Predicts what widths take, if their limit is another and they are raised where
            wider ones take no longer.
        progress: Where to show it.
    """

    subject: Subject
    limit: Limit
    find_losses: Callable[[], Losses]
    generator: np.random.Generator
    evaluate: Callable[[Widths], float] | None = None
    tries: int = 100
    latency: LatencyModel | None = None
    progress: Progress = SILENT

    @cached_property
    def losses(self) -> Losses:
        """What narrowing each group alone costs."""
        return self.find_losses()

    @cached_property
    def least(self) -> dict[str, int]:
        """The narrowest widths that may be chosen."""
        return self.limit.least()

    def at(self, ratios: dict[str, float]) -> dict[str, int]:
        """Widths when these shares of the groups go, as far as they may."""
        found = widths_at(self.subject.groups, ratios)
        return {name: max(width, self.least[name]) for name, width in found.items()}

    def check_reachable(self) -> None:
        """Proves that the narrowest widths are within the limit.

        Raises:
            InfeasibleTargetError: They are not.
        """
        value, most = self.limit.of(self.least), self.limit.most
        if not value <= most:
            raise InfeasibleTargetError(
                f"{self.limit.text(most)} is out of reach: as narrow as it can be the model is "
                f"still at {self.limit.text(value)}; ask for that, or let more groups be pruned"
            )


class Strategy(Protocol):
    """Chooses widths within a limit."""

    @property
    def needs_task(self) -> bool:
        """Whether it evaluates networks on a task."""

    @property
    def uses_losses(self) -> bool:
        """Whether it goes by what groups cost."""

    def widths(self, problem: WidthProblem) -> dict[str, int]:
        """The widths of the groups that may be pruned.

        Raises:
            InfeasibleTargetError: Nothing meets the limit; says what is reachable.
        """


def choose_widths(strategy: Strategy, problem: WidthProblem) -> dict[str, int]:
    """What a strategy chooses, but nothing goes that need not.

    A model that is within the limit stays whole. What was cut and is predicted to save nothing,
    since latencies have stairs, is given back within the limit.

    Raises:
        InfeasibleTargetError: Nothing meets the limit; says what is reachable.
    """
    limit = problem.limit
    if limit.holds(problem.subject.whole):
        return dict(problem.subject.whole)
    widths = strategy.widths(problem)
    model = limit.model if isinstance(limit, LatencyLimit) else problem.latency
    return widths if model is None else raise_widths(model, widths, limit.holds)


def smallest(problem: WidthProblem, widths_of: Callable[[float], dict[str, int]]) -> dict[str, int]:
    """The first widths within the limit on a path from the whole model (0) to the least (1).

    The least are within it: see `WidthProblem.check_reachable`.

    By bisection, so the path should fall; where a latency does not quite, what is returned is
    within the limit all the same.
    """
    if problem.limit.holds(widths_of(0.0)):
        return widths_of(0.0)
    low, high, found = 0.0, 1.0, widths_of(1.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        widths = widths_of(middle)
        if problem.limit.holds(widths):
            high, found = middle, widths
        else:
            low = middle
    return found
