"""Resizing that Paddle-Lite 2.13 does not have or computes wrongly, as products with matrices.

It has no cubic resizing, reads volumes as images, and if sizes times the factor are not whole, its
kernel for x86 uses the sizes where Paddle uses the factor. Resizing is linear in the pixels, axis
by axis, so each axis is multiplied by the matrix of its weights; they are those of Paddle's
kernels (``phi/kernels/cpu/interpolate_kernel.cc``).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_RESIZING
from edgeslim.targets.resizing import BROKEN_FACTORS, RESIZED_VOLUMES, factors_of

__all__ = ["REWRITE", "resize_by_matrices", "resizing_weights"]

_MOST_ELEMENTS = 4_000_000
"""The most elements of a matrix; an operator that needs a larger one is left as it is."""

_FIRST_PIXEL = {"bicubic", "bilinear"}
"""Kinds for which Paddle takes the first pixel if the result has one, whatever the alignment."""

_CUBIC = -0.75
"""The free parameter of Keys, *Cubic convolution interpolation* (1981)."""


def resize_by_matrices(s: Sketch) -> str | None:
    """Images, lines or volumes resized axis by axis.

    None if a matrix would be too large, or the result's size depends on a tensor.
    """
    shape, wanted = s.shape(s.x), s.shape(s.result())
    computed_sizes = (s.source("OutSize"), s.sources("SizeTensor"), s.source("Scale"))
    axes = range(2, len(shape))
    if any(computed_sizes) or any(shape[axis] * wanted[axis] > _MOST_ELEMENTS for axis in axes):
        return None
    x = s.x
    for axis, factor in zip(axes, factors_of(s.attribute("scale", ()), len(axes)), strict=True):
        matrix = resizing_weights(
            s.op.type.partition("_")[0],
            shape[axis],
            wanted[axis],
            factor=factor,
            align_corners=bool(s.attribute("align_corners", True)),
            align_mode=int(s.attribute("align_mode", 1)),
        )
        x = _multiply(s, x, axis, matrix)
    return x if x != s.x else s.apply("assign", x)


def resizing_weights(
    kind: str,
    size: int,
    wanted: int,
    *,
    factor: float,
    align_corners: bool,
    align_mode: int,
) -> np.ndarray[Any, Any]:
    """The weight of each pixel of a line in each pixel of the resized line: (size, wanted).

    Args:
        kind: ``nearest``, ``bicubic``, or one of the linear kinds.
        size: Number of pixels of the line.
        wanted: Number of pixels of the resized line.
        factor: Scale factor of the resizing; 0 if the sizes decide.
        align_corners: Whether the outer pixels stay at their positions.
        align_mode: 1 if positions count from the corners of pixels, 0 from their centres.
    """
    ratio = 1.0 / factor if factor else size / wanted
    if align_corners:
        ratio = (size - 1) / (wanted - 1) if wanted > 1 else 0.0
    elif wanted == 1 and kind in _FIRST_PIXEL:
        ratio = 0.0
    matrix = np.zeros((size, wanted))
    for pixel in range(wanted):
        centre = ratio * (pixel + 0.5) - 0.5
        if kind == "nearest":
            source = int(ratio * pixel + (0.5 if align_corners else 0.0))
            matrix[min(source, size - 1), pixel] = 1.0
        elif kind == "bicubic":
            exact = ratio * pixel if align_corners else centre
            first = math.floor(exact)
            for step, weight in enumerate(_cubic(exact - first)):
                matrix[min(max(first - 1 + step, 0), size - 1), pixel] += weight
        else:
            exact = ratio * pixel if align_corners or align_mode else max(centre, 0.0)
            first = min(int(exact), size - 1)
            matrix[first, pixel] += 1.0 - (exact - first)
            matrix[min(first + 1, size - 1), pixel] += exact - first
    return matrix


def _cubic(part: float) -> tuple[float, ...]:
    def near(x: float) -> float:
        return ((_CUBIC + 2.0) * x - (_CUBIC + 3.0)) * x * x + 1.0

    def far(x: float) -> float:
        return ((_CUBIC * x - 5.0 * _CUBIC) * x + 8.0 * _CUBIC) * x - 4.0 * _CUBIC

    return far(part + 1.0), near(part), near(1.0 - part), far(2.0 - part)


def _multiply(s: Sketch, x: str, axis: int, matrix: np.ndarray[Any, Any]) -> str:
    """A tensor with one axis multiplied by a matrix."""
    shape = s.shape(x)
    if matrix.shape[0] == matrix.shape[1] and np.array_equal(matrix, np.eye(len(matrix))):
        return x
    last = len(shape) - 1
    order = [*range(len(shape))]
    order[axis], order[last] = last, axis
    transposed = x if axis == last else s.transpose(x, order)
    rows = math.prod(s.shape(transposed)[:-1])
    flat = s.reshape(transposed, [rows, matrix.shape[0]])
    product = s.matmul(flat, s.parameter(matrix), [rows, matrix.shape[1]])
    product = s.reshape(product, [*s.shape(transposed)[:-1], matrix.shape[1]])
    return product if axis == last else s.transpose(product, order)


_LAWS = (ABSENT_RESIZING, RESIZED_VOLUMES, BROKEN_FACTORS)

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, resize_by_matrices, *_LAWS)
