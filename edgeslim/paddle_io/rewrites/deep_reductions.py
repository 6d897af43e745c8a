"""Reductions of more than four axes, whose results Paddle-Lite 2.13 never writes on x86.

Its kernel has no branch for them and says nothing: what is read behind it is whatever was in the
memory. Axes that are reduced together count as one, and those before and behind them as well, so
that three are enough.
"""

from __future__ import annotations

import math

from edgeslim.paddle_io.rewrites._composing import Formula, rewritten
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, Stage
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.reductions import DEEP_REDUCTIONS

__all__ = ["REWRITE"]


def _reduced(kind: str) -> Formula:
    def formula(s: Sketch) -> str:
        extents = list(s.shape(s.x))
        rank = len(extents)
        axes = {int(axis) % rank for axis in s.given("dim", (0,))}
        if s.given("reduce_all", False) or not axes:
            axes = set(range(rank))
        made = s.x
        for first, behind in reversed(_runs(axes)):
            inner = extents[first:behind]
            folded = [math.prod(part) for part in (extents[:first], inner, extents[behind:])]
            made = s.reduced(kind, s.reshaped(made, folded), [1], keep=False)
            del extents[first:behind]
        return s.reshaped(made, s.shape(s.result()) or (1,))

    return formula


def _runs(axes: set[int]) -> list[tuple[int, int]]:
    """Neighbouring axes together: the first, and the one behind the last."""
    runs: list[tuple[int, int]] = []
    for axis in sorted(axes):
        if runs and runs[-1][1] == axis:
            runs[-1] = (runs[-1][0], axis + 1)
        else:
            runs.append((axis, axis + 1))
    return runs


_FORMULAS = {f"reduce_{kind}": _reduced(kind) for kind in ("max", "mean", "min", "prod", "sum")}

REWRITE = Rewrite(stage=Stage.AXES, apply=rewritten(_FORMULAS, DEEP_REDUCTIONS))
