"""The interface of criteria, and how scores of several weights become one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeslim.pruning.weights import Rows, Weights

__all__ = ["Criterion", "FilterCriterion", "Scores", "sum_scores"]

Scores = NDArray[np.float64]
"""Importance of each channel of a group, ``(width,)``; more is more important."""


class Criterion(Protocol):
    """Scores the importance of channels, to be compared within a group only."""

    @property
    def needs_gradients(self) -> bool:
        """Whether it needs gradients of the loss."""

    def scores(self, subject: Weights, group: int) -> Scores:
        """Importance of each channel of a group.

        Args:
            subject: Weights of the network, with its channel groups.
            group: Place of the group in the network's order.

        Returns:
            ``(width,)``, none below 0; more is more important.

        Raises:
            ModelError: The network lacks what the criterion needs.
            UsageError: The criterion needs gradients and there are none.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class FilterCriterion:
    """A criterion that scores the filters of each weight by themselves.

    Args:
        rule: Gives scores ``(width,)`` of one weight's rows ``(width, n)``.
    """

    rule: Callable[[Rows], Scores]
    needs_gradients: bool = False

    def scores(self, subject: Weights, group: int) -> Scores:
        width = subject.group(group).width
        return sum_scores(map(self.rule, subject.producers(group)), width)


def sum_scores(parts: Iterable[Scores], width: int) -> Scores:
    """The sum of scores by several weights, each scaled to a mean of 1.

    The weights that make one group's channels differ in size: a filter of a 1x1
    convolution over 512 channels has 57 times the elements of a depthwise 3x3 one, and the
    longest shortcut of a residual stage would decide alone. Weights that are all zero
    are left out.
    """
    total = np.zeros(width)
    for part in parts:
        mean = float(part.mean())
        if mean != 0:
            total += part / mean
    return total
