"""Depthwise convolutions on small maps as matrix products, which Paddle trains much faster.

On the CPU Paddle multiplies one small matrix for each image and channel. On a map of 4x4
that takes twenty times as long as one product for each channel with the matrix that the
filter stands for; the sums are the same but for rounding.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import paddle
from paddle import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["DepthwiseProduct", "fast_depthwise", "is_small"]

_LARGEST_MAP = 64
"""Most pixels of a map. The matrix has their number squared: 8x8 gains threefold, 16x16 loses."""


@contextmanager
def fast_depthwise(net: nn.Layer) -> Iterator[None]:
    """Replaces the network's depthwise convolutions by products inside, where these are faster."""
    convolutions = [layer for layer in net.sublayers(include_self=True) if _is_depthwise(layer)]
    for conv in convolutions:
        conv.forward = _ProductForward(conv)
    try:
        yield
    finally:
        for conv in convolutions:
            del conv.forward


# Paddle's layers keep their settings under private names only.
# ruff: noqa: SLF001


def _is_depthwise(layer: nn.Layer) -> bool:
    if type(layer) is not nn.Conv2D:  # one derived from it may do more than convolve
        return False
    channels = layer.weight.shape[0]
    plain = layer._padding_mode == "zeros" and layer._data_format == "NCHW"
    return bool(plain and layer._groups == layer._in_channels == channels > 1)


class _ProductForward:
    """Replacement of one convolution's ``forward``."""

    def __init__(self, conv: nn.Conv2D) -> None:
        self._conv = conv
        self._convolve = conv.forward
        self._product = DepthwiseProduct(conv._stride, conv._padding, conv._dilation)

    def __call__(self, images: Tensor) -> Tensor:
        if not is_small(images):
            return self._convolve(images)
        return self._product(images, self._conv.weight, self._conv.bias)


def is_small(images: Tensor) -> bool:
    """Whether the matrix product is faster on ``(N, C, H, W)``."""
    _, _, height, width = images.shape
    return bool(height * width <= _LARGEST_MAP)


class DepthwiseProduct:
    """A depthwise convolution by matrix products.

    Args:
        stride: Stride, as `paddle.nn.functional.conv2d` takes it.
        padding: Padding, as that function takes it.
        dilation: Dilation, as that function takes it.
    """

    def __init__(
        self,
        stride: int | Sequence[int],
        padding: int | str | Sequence[int],
        dilation: int | Sequence[int],
    ) -> None:
        self._options = {"stride": stride, "padding": padding, "dilation": dilation}
        self._known_positions: dict[tuple[int, ...], Tensor] = {}

    def __call__(self, images: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Computes the output ``(N, C, H_out, W_out)``.

        Args:
            images: Images of shape ``(N, C, H, W)``.
            weight: Filters of shape ``(C, 1, K_h, K_w)``.
            bias: Bias of shape ``(C,)``, or None.
        """
        count, channels, height, width = images.shape
        positions = self._positions_of_weights(height, width, weight.shape[2:])
        matrices = paddle.matmul(weight.flatten(1), positions.flatten(1))
        matrices = matrices.reshape([channels, height * width, -1])
        pixels = images.flatten(2).transpose([1, 0, 2])
        out = paddle.matmul(pixels, matrices).transpose([1, 0, 2])
        out = out.reshape([count, channels, *positions.shape[2:]])
        return out if bias is None else out + bias.reshape([1, channels, 1, 1])

    def _positions_of_weights(self, height: int, width: int, kernel: Sequence[int]) -> Tensor:
        """0 or 1 for each weight, pixel read and pixel written, ``(K, H W, H_out, W_out)``.

        It is the result of the convolution for images of one bright pixel and filters of one
        weight, so stride, padding and dilation are taken into account by themselves.
        """
        k_h, k_w = kernel
        if (height, width, k_h, k_w) not in self._known_positions:
            pixels = height * width
            with paddle.no_grad():
                out = nn.functional.conv2d(
                    paddle.eye(pixels).reshape([pixels, 1, height, width]),
                    paddle.eye(k_h * k_w).reshape([k_h * k_w, 1, k_h, k_w]),
                    **self._options,
                )
            self._known_positions[height, width, k_h, k_w] = out.transpose([1, 0, 2, 3])
        return self._known_positions[height, width, k_h, k_w]
