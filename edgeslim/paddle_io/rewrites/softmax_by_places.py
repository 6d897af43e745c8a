"""Softmax after each row's own maximum is subtracted.

If its axis is not the last, the kernel of Paddle-Lite 2.13 for x86 subtracts the maximum of all
rows. All exponentials of a row that lies 88 below it are 0, and so is their sum. Operators that
``opt`` would merge into such a softmax are kept apart by ``turned_barriers``.
"""

from __future__ import annotations

import math

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.activations import SOFTMAX_BY_PLACES, may_be_large

__all__ = ["REWRITE"]


def _subtract_maximum(s: Sketch) -> dict[str, str] | None:
    shape = s.shape(s.x)
    axis = int(s.attribute("axis", -1)) % max(1, len(shape))
    if math.prod(shape[axis + 1 :]) == 1 or not may_be_large(s.operator):
        return None
    return s.copy_with_input(s.binary("sub", s.x, s.reduce("max", s.x, [axis], keep=True)))


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _subtract_maximum, SOFTMAX_BY_PLACES)
