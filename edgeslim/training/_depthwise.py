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
    from collections.abc import Iterator

__all__ = ["fast_depthwise"]

_LARGEST_MAP = 64
"""Pixels read. The matrix has their number squared: 8x8 gains threefold, 16x16 loses."""


@contextmanager
def fast_depthwise(net: nn.Layer) -> Iterator[None]:
    """Inside, the network's depthwise convolutions take the faster way where there is one."""
    convolutions = [layer for layer in net.sublayers(include_self=True) if _is_depthwise(layer)]
    for conv in convolutions:
        conv.forward = _AsMatrix(conv)
    try:
        yield
    finally:
        for conv in convolutions:
            del conv.forward


# Paddle's layers tell how they were made only by names that begin with an underscore.
# ruff: noqa: SLF001


def _is_depthwise(layer: nn.Layer) -> bool:
    if type(layer) is not nn.Conv2D:  # one derived from it may do more than convolve
        return False
    channels = layer.weight.shape[0]
    plain = layer._padding_mode == "zeros" and layer._data_format == "NCHW"
    return bool(plain and layer._groups == layer._in_channels == channels > 1)


class _AsMatrix:
    """Takes the place of one convolution's ``forward``."""

    def __init__(self, conv: nn.Conv2D) -> None:
        self._conv = conv
        self._convolve = conv.forward
        self._places: dict[tuple[int, int], Tensor] = {}

    def __call__(self, images: Tensor) -> Tensor:
        count, channels, height, width = images.shape
        if height * width > _LARGEST_MAP:
            return self._convolve(images)
        places = self._where_weights_go(height, width)
        matrices = paddle.matmul(self._conv.weight.flatten(1), places.flatten(1))
        matrices = matrices.reshape([channels, height * width, -1])
        pixels = images.flatten(2).transpose([1, 0, 2])
        out = paddle.matmul(pixels, matrices).transpose([1, 0, 2])
        out = out.reshape([count, channels, *places.shape[2:]])
        bias = self._conv.bias
        return out if bias is None else out + bias.reshape([1, channels, 1, 1])

    def _where_weights_go(self, height: int, width: int) -> Tensor:
        """0 or 1 for each weight, pixel read and pixel written ``(K, H W, H_out, W_out)``.

        It is what the convolution makes of images of one bright pixel and filters of one
        weight, so stride, padding and dilation need no thought here.
        """
        if (height, width) not in self._places:
            conv, pixels = self._conv, height * width
            k_h, k_w = conv.weight.shape[2:]
            with paddle.no_grad():
                out = nn.functional.conv2d(
                    paddle.eye(pixels).reshape([pixels, 1, height, width]),
                    paddle.eye(k_h * k_w).reshape([k_h * k_w, 1, k_h, k_w]),
                    stride=conv._stride,
                    padding=conv._padding,
                    dilation=conv._dilation,
                )
            self._places[height, width] = out.transpose([1, 0, 2, 3])
        return self._places[height, width]
