"""Products of stacks with as many matrices on both sides, and of vectors as of matrices.

Paddle repeats a matrix for all that it is multiplied with. The kernels of Paddle-Lite 2.13 go
through both stacks at once, and look for the products of some vectors along another axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from edgeslim.opspec import Shape
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.products import UNEQUAL_STACKS, VECTORS

__all__ = ["REWRITE"]

_TURNED = {"matmul": ("transpose_X", "transpose_Y"), "matmul_v2": ("trans_x", "trans_y")}
"""How both kinds say which of their operands is turned."""


def _multiplied(s: Sketch) -> str:
    names = _TURNED[s.op.type]
    turned = [bool(s.attribute(name, False)) for name in names]
    x, y = s.x, s.source("Y")
    is_vector = [len(s.shape(each)) == 1 for each in (x, y)]
    if is_vector[0]:
        x, turned[0] = s.reshape(x, [1, *s.shape(x)]), False
    if is_vector[1]:
        y, turned[1] = s.reshape(y, [*s.shape(y), 1]), False
    rows, columns = s.shape(x)[-1 if turned[0] else -2], s.shape(y)[-2 if turned[1] else -1]
    stack = np.broadcast_shapes(s.shape(x)[:-2], s.shape(y)[:-2])
    attributes: dict[str, Any] = dict(zip(names, turned, strict=True))
    if s.op.type == "matmul":
        attributes["alpha"] = float(s.attribute("alpha", 1.0))
    product = s.write(
        s.op.type,
        {"X": _repeated(s, x, stack), "Y": _repeated(s, y, stack)},
        [*stack, rows, columns],
        **attributes,
    )
    # What Paddle describes of the result is not always what it computes.
    sides = zip((rows, columns), is_vector, strict=True)
    made = [*stack, *(extent for extent, gone in sides if not gone)] or [1]
    return s.reshape(product, made) if any(is_vector) else product


def _repeated(s: Sketch, x: str, stack: Sequence[int]) -> str:
    """A tensor with the stack of another; one matrix goes without, as it does for all."""
    own: Shape = s.shape(x)[:-2]
    if own == tuple(stack):
        return x
    matrix = s.shape(x)[-2:]
    if prod(own) == 1:
        return s.reshape(x, matrix) if own else x
    return s.expand(x, [*stack, *matrix])


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _multiplied, UNEQUAL_STACKS, VECTORS)
