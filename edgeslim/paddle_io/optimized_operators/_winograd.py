"""Convolutions of 3x3 by Winograd's algorithm, in halves as in Arm's kernels.

Tiles of the input and the filter are transformed, multiplied, summed over channels and
transformed back: exact in real numbers, but in halves with several times the rounding error of
plain sums, since intermediate values are larger. Paddle-Lite uses tiles of 4x4 outputs, or 2x2
for small images (``lite/kernels/arm/conv_winograd.cc``; the transformations are those of
``lite/backends/arm/math/fp16/conv3x3_winograd_fp16.cc``; A. Lavin and S. Gray, "Fast algorithms
for convolutional neural networks", CVPR 2016).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from edgeslim.paddle_io.optimized_operators._halves import Array, HalfSum, parts_of, to_half

__all__ = ["Winograd", "is_winograd"]

_FEWEST_CHANNELS = 8
"""With at most so many input or output channels, Arm's kernels do not use this algorithm."""

_BLOCK, _SMALL_IMAGE = 8, 16
"""Number of tiles in a block, and the number of blocks below which tiles are small."""

_FILTER = {
    4: np.array(
        [
            [1 / 4, 0, 0],
            [-1 / 6, -1 / 6, -1 / 6],
            [-1 / 6, 1 / 6, -1 / 6],
            [1 / 24, 1 / 12, 1 / 6],
            [1 / 24, -1 / 12, 1 / 6],
            [0, 0, 1],
        ],
        np.float32,
    ),
    2: np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], np.float32),
}
"""The matrix that transforms a filter, by the side of a tile's output."""


def is_winograd(
    filters: Sequence[int], strides: Sequence[int], dilations: Sequence[int], groups: int
) -> bool:
    """Whether Arm's fp16 kernel of a convolution is this one.

    Args:
        filters: Shape of the filters, (outputs, inputs, rows, columns).
        strides: Strides along rows and columns.
        dilations: Dilations along rows and columns.
        groups: Number of groups of channels.
    """
    plain = groups == 1 and set(strides) == {1} == set(dilations)
    return plain and tuple(filters[2:]) == (3, 3) and min(filters[0], filters[1]) > _FEWEST_CHANNELS


class Winograd:
    """A convolution of 3x3, with one thread; with more, tiles may be smaller and less is lost.

    Args:
        filters: The filters, (K, C, 3, 3), halves.
        draw: The generator from which roundings are drawn.
    """

    def __init__(self, filters: Array, draw: np.random.Generator) -> None:
        self._filters = filters
        self._draw = draw
        self._factors: dict[int, Array] = {}

    def __call__(self, images: Array, padding: Sequence[int]) -> Array:
        """The convolution of images, without a bias.

        Args:
            images: The images, (N, C, H, W), halves.
            padding: Padding above, below, on the left and on the right.

        Returns:
            (N, K, H', W').
        """
        top, bottom, left, right = padding
        batch, channels, height, width = images.shape
        rows, columns = height + top + bottom - 2, width + left + right - 2
        side = 4 if rows * columns // _BLOCK >= _SMALL_IMAGE else 2
        down, across = -(-rows // side), -(-columns // side)
        padded = np.zeros((batch, channels, down * side + 2, across * side + 2), np.float32)
        padded[:, :, top : top + height, left : left + width] = images
        window = (side + 2, side + 2)
        axes: Any = (2, 3)  # the types of NumPy 1 know no more than one
        views = sliding_window_view(padded, window, axis=axes)
        # (rows of a tile, columns of it, N, C, tiles down, tiles across)
        tiles = np.moveaxis(views[:, :, ::side, ::side], (4, 5), (0, 1))
        inputs = _transform_axes(tiles, _INPUT[side])
        sums = _sum_products(self._transformed_filters(side), inputs, self._draw)
        outputs = _transform_axes(sums, _OUTPUT[side]).transpose(3, 2, 4, 0, 5, 1)
        result = outputs.reshape(batch, -1, down * side, across * side)
        return np.ascontiguousarray(result[:, :, :rows, :columns])

    def _transformed_filters(self, side: int) -> Array:
        """The filters for tiles of a size: (rows, columns, K, C)."""
        if side not in self._factors:
            self._factors[side] = _transform_filters(self._filters, _FILTER[side])
        return self._factors[side]


def _transform_axes(values: Array, transform: Callable[[Array], Array]) -> Array:
    """Values transformed along the first axis, and along the second."""
    first = transform(values)
    return transform(first.swapaxes(0, 1)).swapaxes(0, 1)


def _transform_filters(filters: Array, matrix: Array) -> Array:
    """Transformed filters, (rows, columns, K, C); sums are in float32 and rounded to halves."""
    coefficients = to_half(matrix)
    once = to_half(filters @ coefficients.T)
    return to_half((coefficients @ once).transpose(2, 3, 0, 1))


def _sum_products(factors: Array, tiles: Array, draw: np.random.Generator) -> Array:
    """Products summed over channels: (rows, columns, K, N, tiles down, tiles across)."""
    rows, columns, batch, channels, down, across = tiles.shape
    flat = tiles.transpose(0, 1, 3, 2, 4, 5).reshape(rows * columns, channels, -1)
    matrices = factors.reshape(rows * columns, -1, channels)
    result = HalfSum(np.zeros((), np.float32), draw)
    for part in parts_of(channels):
        product = np.matmul(matrices[:, :, part], flat[:, part])
        result.add(product, part.stop - part.start)
    return result.total.reshape(rows, columns, -1, batch, down, across)


def _input_of_six(d: Array) -> Array:
    four_less = to_half(d[4] - to_half(4 * d[2]))
    odd = to_half(to_half(4 * d[1]) - d[3])
    even = to_half(d[4] - d[2])
    twice = to_half(2 * to_half(d[1] - d[3]))
    return np.stack(
        [
            to_half(to_half(to_half(4 * d[0]) - to_half(5 * d[2])) + d[4]),
            to_half(four_less - odd),
            to_half(four_less + odd),
            to_half(even - twice),
            to_half(even + twice),
            to_half(to_half(to_half(4 * d[1]) - to_half(5 * d[3])) + d[5]),
        ]
    )


def _output_of_six(m: Array) -> Array:
    outer, inner = to_half(m[1] + m[2]), to_half(m[1] - m[2])
    more, less = to_half(m[3] + m[4]), to_half(m[3] - m[4])
    return np.stack(
        [
            to_half(to_half(m[0] + outer) + more),
            to_half(inner + to_half(2 * less)),
            to_half(outer + to_half(4 * more)),
            to_half(to_half(inner + to_half(8 * less)) + m[5]),
        ]
    )


def _input_of_four(d: Array) -> Array:
    return np.stack(
        [to_half(d[0] - d[2]), to_half(d[1] + d[2]), to_half(d[2] - d[1]), to_half(d[1] - d[3])]
    )


def _output_of_four(m: Array) -> Array:
    return np.stack([to_half(to_half(m[0] + m[1]) + m[2]), to_half(to_half(m[1] - m[2]) - m[3])])


_INPUT = {4: _input_of_six, 2: _input_of_four}
_OUTPUT = {4: _output_of_six, 2: _output_of_four}
"""Transforms along the first axis, rounded after each step, by the side of a tile's output."""
