"""Cross-entropy against the teacher's classes at a temperature (https://arxiv.org/abs/1503.02531).

As in PaddleSlim 1.x there is no factor of the temperature squared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeslim.opspec import Shape

if TYPE_CHECKING:
    from paddle import Tensor

    from edgeslim.training.distillation._term import Term

__all__ = ["LOSS"]


class _SoftLabel:
    def problem(self, student: Sequence[Shape], teacher: Sequence[Shape]) -> str:
        for own, other in zip(student, teacher, strict=True):
            if own != other or not own:
                return (
                    f"the student's scores are {list(own)} and the teacher's {list(other)}; both "
                    "must have as many classes"
                )
        return ""

    def value(self, student: Sequence[Tensor], teacher: Sequence[Tensor], term: Term) -> Tensor:
        """Mean of ``-sum(softmax(t / T_t) * log softmax(s / T_s))`` over the last axis."""
        from paddle.nn import functional

        total = 0.0
        for own, other in zip(student, teacher, strict=True):
            wanted = functional.softmax(other / term.teacher_temperature, axis=-1)
            known = functional.log_softmax(own / term.student_temperature, axis=-1)
            total = total - (wanted * known).sum(axis=-1).mean()
        return total


LOSS = _SoftLabel()
