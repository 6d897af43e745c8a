"""Products of batches with as many matrices on both sides, and of vectors as of matrices.

Paddle broadcasts one batch to the other. The kernels of Paddle-Lite 2.13 step through both batches
at once, and compute the products of some vectors along the wrong axis.
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

_TRANSPOSES = {"matmul": ("transpose_X", "transpose_Y"), "matmul_v2": ("trans_x", "trans_y")}
"""The attributes of both kinds that transpose their operands."""


def _multiply(s: Sketch) -> str:
    names = _TRANSPOSES[s.op.type]
    transposed = [bool(s.attribute(name, False)) for name in names]
    x, y = s.x, s.source("Y")
    is_vector = [len(s.shape(side)) == 1 for side in (x, y)]
    if is_vector[0]:
        x, transposed[0] = s.reshape(x, [1, *s.shape(x)]), False
    if is_vector[1]:
        y, transposed[1] = s.reshape(y, [*s.shape(y), 1]), False
    rows = s.shape(x)[-1 if transposed[0] else -2]
    columns = s.shape(y)[-2 if transposed[1] else -1]
    batch = np.broadcast_shapes(s.shape(x)[:-2], s.shape(y)[:-2])
    attributes: dict[str, Any] = dict(zip(names, transposed, strict=True))
    if s.op.type == "matmul":
        attributes["alpha"] = float(s.attribute("alpha", 1.0))
    product = s.write(
        s.op.type,
        {"X": _repeat(s, x, batch), "Y": _repeat(s, y, batch)},
        [*batch, rows, columns],
        **attributes,
    )
    # The shape that Paddle describes for the result is not always the one that it computes.
    sides = zip((rows, columns), is_vector, strict=True)
    shape = [*batch, *(extent for extent, is_dropped in sides if not is_dropped)] or [1]
    return s.reshape(product, shape) if any(is_vector) else product


def _repeat(s: Sketch, x: str, batch: Sequence[int]) -> str:
    """Matrices repeated for a batch; a single matrix stays, since kernels use it for all."""
    own: Shape = s.shape(x)[:-2]
    if own == tuple(batch):
        return x
    matrix = s.shape(x)[-2:]
    if prod(own) == 1:
        return s.reshape(x, matrix) if own else x
    return s.expand(x, [*batch, *matrix])


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _multiply, UNEQUAL_STACKS, VECTORS)
