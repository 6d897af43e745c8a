"""What every criterion says, and how what several weights say of a channel becomes one number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeslim.pruning.weights import Rows, Weights

__all__ = ["ByProducer", "Criterion", "Scores", "together"]

Scores = NDArray[np.float64]
"""How important each unit of a group is, ``(width,)``; more is more important."""


class Criterion(Protocol):
    """Says which channels of a group matter most. It compares within a group only."""

    @property
    def needs_gradients(self) -> bool:
        """Whether the loss must have been derived."""

    def scores(self, subject: Weights, group: int) -> Scores:
        """How important each unit of a group is.

        Args:
            subject: The network's weights.
            group: Place of the group.

        Returns:
            ``(width,)``, none below 0; more is more important.

        Raises:
            ModelError: The network lacks what the criterion goes by.
            UsageError: There are no gradients and it needs them.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class ByProducer:
    """A criterion that looks at the filters of each weight by itself.

    Args:
        rule: Scores ``(width,)`` of one weight's rows ``(width, n)``.
    """

    rule: Callable[[Rows], Scores]
    needs_gradients: bool = False

    def scores(self, subject: Weights, group: int) -> Scores:
        width = subject.group(group).width
        return together(map(self.rule, subject.producers(group)), width)


def together(parts: Iterable[Scores], width: int) -> Scores:
    """The sum of what several weights say, each brought to a mean of 1.

    The weights that make one group's channels differ in size: a filter of a 1x1
    convolution over 512 channels has 57 times the elements of a depthwise 3x3 one, and the
    longest shortcut of a residual stage would decide alone. Weights that are all nought
    say nothing.
    """
    total = np.zeros(width)
    for part in parts:
        mean = float(part.mean())
        if mean != 0:
            total += part / mean
    return total
