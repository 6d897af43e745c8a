"""Comparisons of tensors with different numbers of axes, with as many axes on both sides.

If one tensor has fewer axes, and these are not consecutive axes of the other, Paddle-Lite 2.13
reads extents that the tensor does not have.
"""

from __future__ import annotations

from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.elementwise import COMPARISONS_OF_OTHER_RANKS

__all__ = ["REWRITE"]


def _compare(s: Sketch) -> str:
    sides = {"X": s.x, "Y": s.source("Y")}
    rank = max(len(s.shape(side)) for side in sides.values())
    start = int(s.attribute("axis", -1))
    for slot, name in sides.items():
        shape = s.shape(name)
        if len(shape) < rank:
            before = rank - len(shape) if start < 0 else start
            after = rank - len(shape) - before
            sides[slot] = s.reshape(name, [*(1,) * before, *shape, *(1,) * after])
    return s.write(
        s.op.type,
        sides,
        s.shape(s.result()),
        element_type=framework().VarType.BOOL,
        axis=-1,
        force_cpu=False,
    )


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _compare, COMPARISONS_OF_OTHER_RANKS)
