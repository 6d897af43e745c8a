"""Convolutions of 3x3 by Winograd's algorithm, in halves as Arm's kernels have it.

Tiles of the input and the filter are transformed, multiplied, added up over channels and
transformed back: exact in real numbers, and in halves worth several times the rounding of plain
sums, since values of other sizes come in between. Paddle-Lite takes tiles of 4x4 outputs, or 2x2
of small images (``lite/kernels/arm/conv_winograd.cc``; the transformations are those of
``lite/backends/arm/math/fp16/conv3x3_winograd_fp16.cc``; A. Lavin and S. Gray, "Fast algorithms
for convolutional neural networks", CVPR 2016).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from edgeslim.paddle_io.optimized_operators._halves import Array, HalfSum, half, parts_of

__all__ = ["Winograd", "is_winograd"]

_FEWEST_CHANNELS = 8
"""With so many inputs or outputs, or fewer, Arm's kernels add up plainly."""

_BLOCK, _SMALL_IMAGE = 8, 16
"""Tiles in a block, and of blocks the number below which tiles are small."""

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
"""What makes a filter's transform, by the side of a tile's output."""


def is_winograd(
    filters: Sequence[int], strides: Sequence[int], dilations: Sequence[int], groups: int
) -> bool:
    """Whether Arm's fp16 kernel of a convolution is this one.

    Args:
        filters: Shape of the filters, (outputs, inputs, rows, columns).
        strides: Along rows and columns.
        dilations: The same.
        groups: Groups of channels.
    """
    plain = groups == 1 and set(strides) == {1} == set(dilations)
    return plain and tuple(filters[2:]) == (3, 3) and min(filters[0], filters[1]) > _FEWEST_CHANNELS


class Winograd:
    """A convolution of 3x3, with one thread; with more, tiles may be smaller and less is lost.

    Args:
        filters: (K, C, 3, 3), halves.
        draw: What roundings are drawn from.
    """

    def __init__(self, filters: Array, draw: np.random.Generator) -> None:
        self._filters = filters
        self._draw = draw
        self._factors: dict[int, Array] = {}

    def __call__(self, images: Array, padding: Sequence[int]) -> Array:
        """The convolution of images, without a bias.

        Args:
            images: (N, C, H, W), halves.
            padding: Above, below, left and right.

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
        views = sliding_window_view(padded, window, axis=(2, 3))  # type: ignore[call-overload]
        # (rows of a tile, columns of it, N, C, tiles down, tiles across)
        tiles = np.moveaxis(views[:, :, ::side, ::side], (4, 5), (0, 1))
        sums = _summed(self._transformed(side), _both_ways(tiles, _INPUT[side]), self._draw)
        found = _both_ways(sums, _OUTPUT[side]).transpose(3, 2, 4, 0, 5, 1)
        whole = found.reshape(batch, -1, down * side, across * side)
        return np.ascontiguousarray(whole[:, :, :rows, :columns])

    def _transformed(self, side: int) -> Array:
        """The filters for tiles of a size: (rows, columns, K, C)."""
        if side not in self._factors:
            self._factors[side] = _filters(self._filters, _FILTER[side])
        return self._factors[side]


def _both_ways(values: Array, transform: Callable[[Array], Array]) -> Array:
    """A transform along the first axis, and along the second."""
    first = transform(values)
    return transform(first.swapaxes(0, 1)).swapaxes(0, 1)


def _filters(filters: Array, matrix: Array) -> Array:
    """Transformed filters, (rows, columns, K, C); each way is added up in floats and cut."""
    coefficients = half(matrix)
    once = half(filters @ coefficients.T)
    return half((coefficients @ once).transpose(2, 3, 0, 1))


def _summed(factors: Array, tiles: Array, draw: np.random.Generator) -> Array:
    """Products added up over channels: (rows, columns, K, N, tiles down, tiles across)."""
    rows, columns, batch, channels, down, across = tiles.shape
    flat = tiles.transpose(0, 1, 3, 2, 4, 5).reshape(rows * columns, channels, -1)
    matrices = factors.reshape(rows * columns, -1, channels)
    result = HalfSum(np.zeros((), np.float32), draw)
    for part in parts_of(channels):
        product = np.matmul(matrices[:, :, part], flat[:, part])
        result.added(product, part.stop - part.start)
    return result.total.reshape(rows, columns, -1, batch, down, across)


def _input_of_six(d: Array) -> Array:
    four_less = half(d[4] - half(4 * d[2]))
    odd = half(half(4 * d[1]) - d[3])
    even = half(d[4] - d[2])
    twice = half(2 * half(d[1] - d[3]))
    return np.stack(
        [
            half(half(half(4 * d[0]) - half(5 * d[2])) + d[4]),
            half(four_less - odd),
            half(four_less + odd),
            half(even - twice),
            half(even + twice),
            half(half(half(4 * d[1]) - half(5 * d[3])) + d[5]),
        ]
    )


def _output_of_six(m: Array) -> Array:
    outer, inner = half(m[1] + m[2]), half(m[1] - m[2])
    more, less = half(m[3] + m[4]), half(m[3] - m[4])
    return np.stack(
        [
            half(half(m[0] + outer) + more),
            half(inner + half(2 * less)),
            half(outer + half(4 * more)),
            half(half(inner + half(8 * less)) + m[5]),
        ]
    )


def _input_of_four(d: Array) -> Array:
    return np.stack([half(d[0] - d[2]), half(d[1] + d[2]), half(d[2] - d[1]), half(d[1] - d[3])])


def _output_of_four(m: Array) -> Array:
    return np.stack([half(half(m[0] + m[1]) + m[2]), half(half(m[1] - m[2]) - m[3])])


_INPUT = {4: _input_of_six, 2: _input_of_four}
_OUTPUT = {4: _output_of_six, 2: _output_of_four}
"""Transforms along the first axis, rounded after each step, by the side of a tile's output."""
