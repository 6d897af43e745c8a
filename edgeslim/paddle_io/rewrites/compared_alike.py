"""Comparisons of tensors with as many axes, where Paddle-Lite 2.13 takes others for each other.

Where one has fewer and what is compared is no plain run of axes, it reads extents that are not
there.
"""

from __future__ import annotations

from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.elementwise import COMPARISONS_OF_OTHER_RANKS

__all__ = ["REWRITE"]


def _compared(s: Sketch) -> str:
    sides = {"X": s.x, "Y": s.source("Y")}
    rank = max(len(s.shape(each)) for each in sides.values())
    start = int(s.attribute("axis", -1))
    for slot, name in sides.items():
        shape = s.shape(name)
        if len(shape) < rank:
            before = rank - len(shape) if start < 0 else start
            behind = rank - len(shape) - before
            sides[slot] = s.reshape(name, [*(1,) * before, *shape, *(1,) * behind])
    return s.write(
        s.op.type,
        sides,
        s.shape(s.result()),
        element_type=framework().VarType.BOOL,
        axis=-1,
        force_cpu=False,
    )


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _compared, COMPARISONS_OF_OTHER_RANKS)
