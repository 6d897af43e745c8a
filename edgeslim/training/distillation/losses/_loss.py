"""Losses between feature maps; none imports Paddle before its value is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from edgeslim.opspec import Shape

if TYPE_CHECKING:
    from paddle import Tensor

    from edgeslim.training.distillation._term import Term

__all__ = ["DistillationLoss"]


class DistillationLoss(Protocol):
    """A number that is small where a student's feature maps are like a teacher's."""

    def problem(self, student: Sequence[Shape], teacher: Sequence[Shape]) -> str:
        """Why maps of these shapes, without the batch axis, do not fit; empty if they do."""

    def value(self, student: Sequence[Tensor], teacher: Sequence[Tensor], term: Term) -> Tensor:
        """The loss, without its weight.

        Args:
            student: Feature maps ``(N, ...)`` that gradients go back through.
            teacher: As many of the teacher, without gradients.
            term: The term, for its temperatures.
        """
