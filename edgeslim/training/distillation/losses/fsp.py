"""The flow of solution procedure: correlations of the channels of two layers.

Yim et al., "A Gift from Knowledge Distillation", CVPR 2017
(https://openaccess.thecvf.com/content_cvpr_2017/html/Yim_A_Gift_From_CVPR_2017_paper.html).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeslim.opspec import Shape

if TYPE_CHECKING:
    from paddle import Tensor

    from edgeslim.training.distillation._term import Term

__all__ = ["LOSS"]


class _Fsp:
    def problem(self, student: Sequence[Shape], teacher: Sequence[Shape]) -> str:
        for whose, shapes in (("student", student), ("teacher", teacher)):
            for start, end in _pairs(shapes):
                if len(start) != 3 or len(end) != 3 or start[1:] != end[1:]:
                    return (
                        f"a pair of the {whose} is {list(start)} and {list(end)}; both must be "
                        "images of the same height and width"
                    )
        for own, other in zip(student, teacher, strict=True):
            if own[0] != other[0]:
                return (
                    f"the student's map is {list(own)} and the teacher's {list(other)}; both must "
                    "have as many channels"
                )
        return ""

    def value(self, student: Sequence[Tensor], teacher: Sequence[Tensor], term: Term) -> Tensor:  # noqa: ARG002
        """Sum over pairs of ``mean((G_s - G_t)^2)``."""
        pairs = zip(_pairs(student), _pairs(teacher), strict=True)
        return sum((_matrix(*own) - _matrix(*other)).square().mean() for own, other in pairs)


def _pairs(maps: Sequence[Shape] | Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
    return list(zip(maps[::2], maps[1::2], strict=True))


def _matrix(start: Tensor, end: Tensor) -> Tensor:
    """``G[n, i, j]``: the mean over positions of channel i of one times channel j of the other."""
    import paddle

    positions = start.shape[2] * start.shape[3]
    return paddle.matmul(start.flatten(2), end.flatten(2), transpose_y=True) / positions


LOSS = _Fsp()
