"""The mean squared difference: FitNets (https://arxiv.org/abs/1412.6550) without a regressor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeslim.opspec import Shape

if TYPE_CHECKING:
    from paddle import Tensor

    from edgeslim.training.distillation._term import Term

__all__ = ["LOSS"]


class _L2:
    def problem(self, student: Sequence[Shape], teacher: Sequence[Shape]) -> str:
        for own, other in zip(student, teacher, strict=True):
            if own != other:
                return f"the student's map is {list(own)} and the teacher's {list(other)}"
        return ""

    def value(self, student: Sequence[Tensor], teacher: Sequence[Tensor], term: Term) -> Tensor:  # noqa: ARG002
        """``mean((s - t)^2)``."""
        return sum(
            (own - other).square().mean() for own, other in zip(student, teacher, strict=True)
        )


LOSS = _L2()
