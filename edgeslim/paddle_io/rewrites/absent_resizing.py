"""Resizing that Paddle-Lite 2.13 has not or gets wrong, as products with constant matrices.

It has none of cubic form, takes volumes for pictures, and where sizes times the factor are not
whole its kernel of x86 goes by the sizes and Paddle's by the factor. Resizing is linear in the
pixels, axis by axis, so each axis is multiplied by the matrix of its weights; they are those of
Paddle's kernels (``phi/kernels/cpu/interpolate_kernel.cc``).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_RESIZING
from edgeslim.targets.resizing import BROKEN_FACTORS, RESIZED_VOLUMES, factors_of

__all__ = ["REWRITE", "resized_by_matrices", "weights"]

_LARGEST = 4_000_000
"""Elements of a matrix; beyond, the operator stays as it is."""

_FIRST_OF_ONE = {"bicubic", "bilinear"}
"""Kinds of which Paddle takes the first pixel where one is wanted, whatever the alignment."""

_CUBIC = -0.75
"""The free number of Keys, *Cubic convolution interpolation* (1981)."""


def resized_by_matrices(s: Sketch) -> str | None:
    """Pictures, lines or volumes resized axis by axis.

    None where a matrix would be too large, or a tensor says how large the result is.
    """
    shape, made = s.shape(s.x), s.shape(s.result())
    computed_sizes = (s.source("OutSize"), s.sources("SizeTensor"), s.source("Scale"))
    axes = range(2, len(shape))
    if any(computed_sizes) or any(shape[axis] * made[axis] > _LARGEST for axis in axes):
        return None
    x = s.x
    for axis, factor in zip(axes, factors_of(s.attribute("scale", ()), len(axes)), strict=True):
        matrix = weights(
            s.op.type.partition("_")[0],
            shape[axis],
            made[axis],
            factor=factor,
            align_corners=bool(s.attribute("align_corners", True)),
            align_mode=int(s.attribute("align_mode", 1)),
        )
        x = _multiplied(s, x, axis, matrix)
    return x if x != s.x else s.apply("assign", x)


def weights(
    kind: str,
    size: int,
    wanted: int,
    *,
    factor: float,
    align_corners: bool,
    align_mode: int,
) -> np.ndarray[Any, Any]:
    """What each pixel of a line counts in each of the resized line, of shape (size, wanted).

    Args:
        kind: ``nearest``, ``bicubic``, or one of the linear ones.
        size: Pixels of the line.
        wanted: Pixels of the resized line.
        factor: Of the resizing; 0 is by the sizes.
        align_corners: Whether the outer pixels are the same.
        align_mode: 1 counts from the corners of pixels, 0 from their middles.
    """
    ratio = 1.0 / factor if factor else size / wanted
    if align_corners:
        ratio = (size - 1) / (wanted - 1) if wanted > 1 else 0.0
    elif wanted == 1 and kind in _FIRST_OF_ONE:
        ratio = 0.0
    matrix = np.zeros((size, wanted))
    for place in range(wanted):
        middle = ratio * (place + 0.5) - 0.5
        if kind == "nearest":
            source = int(ratio * place + (0.5 if align_corners else 0.0))
            matrix[min(source, size - 1), place] = 1.0
        elif kind == "bicubic":
            exact = ratio * place if align_corners else middle
            first = math.floor(exact)
            for step, weight in enumerate(_cubic(exact - first)):
                matrix[min(max(first - 1 + step, 0), size - 1), place] += weight
        else:
            exact = ratio * place if align_corners or align_mode else max(middle, 0.0)
            first = min(int(exact), size - 1)
            matrix[first, place] += 1.0 - (exact - first)
            matrix[min(first + 1, size - 1), place] += exact - first
    return matrix


def _cubic(part: float) -> tuple[float, ...]:
    def near(x: float) -> float:
        return ((_CUBIC + 2.0) * x - (_CUBIC + 3.0)) * x * x + 1.0

    def far(x: float) -> float:
        return ((_CUBIC * x - 5.0 * _CUBIC) * x + 8.0 * _CUBIC) * x - 4.0 * _CUBIC

    return far(part + 1.0), near(part), near(1.0 - part), far(2.0 - part)


def _multiplied(s: Sketch, x: str, axis: int, matrix: np.ndarray[Any, Any]) -> str:
    """One axis of a tensor multiplied by a matrix."""
    shape = s.shape(x)
    if matrix.shape[0] == matrix.shape[1] and np.array_equal(matrix, np.eye(len(matrix))):
        return x
    last = len(shape) - 1
    order = [*range(len(shape))]
    order[axis], order[last] = last, axis
    turned = x if axis == last else s.transpose(x, order)
    rows = math.prod(s.shape(turned)[:-1])
    flat = s.reshape(turned, [rows, matrix.shape[0]])
    product = s.matmul(flat, s.parameter(matrix), [rows, matrix.shape[1]])
    product = s.reshape(product, [*s.shape(turned)[:-1], matrix.shape[1]])
    return product if axis == last else s.transpose(product, order)


_LAWS = (ABSENT_RESIZING, RESIZED_VOLUMES, BROKEN_FACTORS)
_KINDS = [kind for law in _LAWS for kind in law.operators]

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, resized_by_matrices, *_LAWS)
