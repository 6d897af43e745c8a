"""Depthwise convolutions on small maps as matrix products, which Paddle trains much faster.

On the CPU Paddle multiplies one small matrix for each image and channel. On a map of 4x4
that takes twenty times as long as one product for each channel with the matrix that the
filter stands for; the sums are the same but for rounding.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import paddle
from paddle import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Padding = str | int | Sequence[int]

__all__ = ["depthwise_conv2d", "fast_depthwise"]

_LARGEST_MAP = 64
"""Pixels read. The matrix has their number squared: 8x8 gains threefold, 16x16 loses."""

_REMEMBERED = 32
"""Of `_places_of_weights`: more than any network's different convolutions on small maps."""


def depthwise_conv2d(
    images: Tensor,
    weight: Tensor,
    *,
    stride: Sequence[int] = (1, 1),
    padding: Padding = 0,
    dilation: Sequence[int] = (1, 1),
) -> Tensor:
    """A depthwise convolution without bias, the faster way where there is one.

    Args:
        images: ``(N, C, H, W)``.
        weight: ``(C, 1, kh, kw)``.
        stride: Down and across.
        padding: As ``paddle.nn.functional.conv2d`` takes it.
        dilation: Down and across.

    Returns:
        ``(N, C, H_out, W_out)``.
    """
    if not _is_small(images):
        return nn.functional.conv2d(
            images,
            weight,
            None,
            _listed(stride),
            _listed(padding),
            _listed(dilation),
            weight.shape[0],
        )
    return _as_matrices(images, weight, stride, padding, dilation)


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

    def __call__(self, images: Tensor) -> Tensor:
        if not _is_small(images):
            return self._convolve(images)
        conv = self._conv
        out = _as_matrices(images, conv.weight, conv._stride, conv._padding, conv._dilation)
        return out if conv.bias is None else out + conv.bias.reshape([1, -1, 1, 1])


def _is_small(images: Tensor) -> bool:
    return bool(images.shape[2] * images.shape[3] <= _LARGEST_MAP)


def _as_matrices(
    images: Tensor,
    weight: Tensor,
    stride: int | Sequence[int],
    padding: Padding,
    dilation: int | Sequence[int],
) -> Tensor:
    count, channels, height, width = images.shape
    places = _places_of_weights(
        (height, width),
        tuple(weight.shape[2:]),
        _hashable(stride),
        _hashable(padding),
        _hashable(dilation),
    )
    matrices = paddle.matmul(weight.flatten(1), places.flatten(1))
    matrices = matrices.reshape([channels, height * width, -1])
    pixels = images.flatten(2).transpose([1, 0, 2])
    out = paddle.matmul(pixels, matrices).transpose([1, 0, 2])
    return out.reshape([count, channels, *places.shape[2:]])


@lru_cache(maxsize=_REMEMBERED)
def _places_of_weights(
    extents: tuple[int, int],
    kernel: tuple[int, int],
    stride: int | tuple[int, ...],
    padding: str | int | tuple[int, ...],
    dilation: int | tuple[int, ...],
) -> Tensor:
    """0 or 1 for each weight, pixel read and pixel written ``(K, H W, H_out, W_out)``.

    It is what the convolution makes of images of one bright pixel and filters of one
    weight, so stride, padding and dilation need no thought here.
    """
    pixels, weights = extents[0] * extents[1], kernel[0] * kernel[1]
    with paddle.no_grad():
        out = nn.functional.conv2d(
            paddle.eye(pixels).reshape([pixels, 1, *extents]),
            paddle.eye(weights).reshape([weights, 1, *kernel]),
            stride=_listed(stride),
            padding=_listed(padding),
            dilation=_listed(dilation),
        )
    return out.transpose([1, 0, 2, 3])


def _hashable(value: Any) -> Any:  # noqa: ANN401 - a padding may be a list of lists
    return value if isinstance(value, str | int) else tuple(map(_hashable, value))


def _listed(value: Any) -> Any:  # noqa: ANN401
    return value if isinstance(value, str | int) else list(map(_listed, value))
