"""Small networks of the kinds that saved programs are made of; each reads ``SHAPE``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import paddle
import paddle.nn.functional as F  # noqa: N812 - the name that everybody uses
from paddle import nn

__all__ = ["BATCH_RULES", "FIXED", "SHAPE", "Headed", "Tokens"]

SHAPE = (1, 3, 16, 16)


class Headed(nn.Layer):
    """A convolution to 8 channels of 8x8, and a function of them and of further layers."""

    def __init__(self, function: Callable[..., Any], *layers: nn.Layer) -> None:
        super().__init__()
        self.convolution = nn.Conv2D(3, 8, 3, padding=1, stride=2)
        self.layers = nn.LayerList(layers)
        self.function = function

    def forward(self, images: Any) -> Any:
        return self.function(self.convolution(images), *self.layers)


class Tokens(nn.Layer):
    """Pixels as rows behind a learned row, as a transformer has them."""

    def __init__(self, *, expanded: bool) -> None:
        super().__init__()
        self.convolution = nn.Conv2D(3, 8, 4, stride=4)
        self.token = self.create_parameter([1, 1, 8])
        self.attention = nn.MultiHeadAttention(8, 2)
        self.expanded = expanded

    def forward(self, images: Any) -> Any:
        rows = self.convolution(images).flatten(2).transpose([0, 2, 1])
        token = self.token.expand([rows.shape[0], -1, -1]) if self.expanded else self.token
        return self.attention(paddle.concat([token, rows], axis=1))


def _shuffled(images: Any) -> Any:
    count, channels, height, width = images.shape
    apart = images.reshape([count, 2, channels // 2, height, width]).transpose([0, 2, 1, 3, 4])
    return apart.reshape([count, channels, height, width])


def _windows(images: Any) -> Any:
    """Softmax within windows, whose axis is behind the images'."""
    count, channels, height, width = images.shape
    rows, columns = height // 4, width // 4
    apart = images.reshape([count, channels, rows, 4, columns, 4]).transpose([0, 2, 4, 1, 3, 5])
    within = F.softmax(apart.reshape([count * rows * columns, channels * 16]), axis=1)
    together = within.reshape([count, rows, columns, channels, 4, 4]).transpose([0, 3, 1, 4, 2, 5])
    return together.reshape([count, channels, height, width])


def _attention(images: Any) -> Any:
    """The batch is the second axis for a while."""
    count, channels, height, width = images.shape
    rows = images.flatten(2).transpose([0, 2, 1])
    both = rows.reshape([count, height * width, 2, 2, channels // 4]).transpose([2, 0, 3, 1, 4])
    shares = F.softmax(paddle.matmul(both[0], both[1], transpose_y=True), axis=-1)
    return paddle.matmul(shares, both[0]).transpose([0, 2, 1, 3]).flatten(2)


def _sized(images: Any) -> Any:
    doubled = F.interpolate(images, scale_factor=2, mode="bilinear")
    return doubled + F.interpolate(images, size=[16, 16], mode="nearest")


def _heads(images: Any) -> Any:
    """What a detector ends with: maps of boxes, each as rows, one behind the other."""
    pooled = F.max_pool2d(images, 2)
    return [
        paddle.concat(
            [each.transpose([0, 2, 3, 1]).reshape([1, -1, 4]) for each in (images, pooled)], 1
        ),
        F.softmax(images.transpose([0, 2, 3, 1]).reshape([1, 64, 8]), axis=-1),
    ]


def _with_constants(images: Any) -> Any:
    """Constants with a batch of their own, which is one."""
    filled = paddle.full([1, 8, 1], 0.5)
    rows = paddle.concat([images.flatten(2), filled], axis=2)
    return rows * paddle.to_tensor([[[2.0]]]) + paddle.zeros([1, 8, 65])


BATCH_RULES: dict[str, Callable[[], nn.Layer]] = {
    "attention": lambda: Headed(_attention),
    "channels": lambda: Headed(lambda x: x[:, 2:5, ::2] + x.chunk(2, axis=1)[1][:, :3, ::2]),
    "constants": lambda: Headed(_with_constants),
    "deconvolution": lambda: Headed(
        lambda x, up: up(x), nn.Conv2DTranspose(8, 4, 3, 2, 1, output_padding=1)
    ),
    "deformable": lambda: Headed(
        lambda x, conv: conv(x, paddle.concat([x, x, x[:, :2]], 1)),
        paddle.vision.ops.DeformConv2D(8, 4, 3, padding=1),
    ),
    "expanded": lambda: Headed(lambda x: F.adaptive_avg_pool2d(x, 1).expand(x.shape) * x),
    "group_norm": lambda: Headed(lambda x, norm: norm(x), nn.GroupNorm(2, 8)),
    "heads": lambda: Headed(_heads),
    "instance_norm": lambda: Headed(F.instance_norm),
    "layer_norm": lambda: Headed(lambda x, norm: norm(x), nn.LayerNorm([8, 8])),
    "layer_norm_without_weights": lambda: Headed(lambda x: F.layer_norm(x, [8, 8, 8])),
    "leaky_relu": lambda: Headed(lambda x: F.leaky_relu(x, 0.1) + F.softplus(x, 2.0)),
    "one_of_several": lambda: Headed(lambda x: x.unbind(1)[3]),
    "padded": lambda: Headed(lambda x: F.pad(x, [1, 2, 1, 1]) + F.pad(x, [1, 2, 1, 1], "reflect")),
    "prelu": lambda: Headed(lambda x, act: act(x), nn.PReLU(8)),
    "repeated": lambda: Headed(lambda x: paddle.tile(x, [1, 2, 1, 1])),
    "resized": lambda: Headed(_sized),
    "shuffled": lambda: Headed(_shuffled),
    "stacked": lambda: Headed(lambda x: paddle.stack([x, x * 2, paddle.ones([1, 8, 8, 8])], 1)),
    "token": lambda: Tokens(expanded=True),
    "token_alone": lambda: Tokens(expanded=False),
    "windows": lambda: Headed(_windows),
}
"""Networks that were made for one image and compute each of several alone."""

FIXED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "first_image": (lambda x: x[0], r"slice \(of "),
    "mean_of_all": (lambda x: x - x.mean(), r"reduce_mean \(of "),
    "softmax_of_images": (lambda x: F.relu(F.softmax(x, axis=0)), r"softmax \(of "),
    "product_of_images": (lambda x: x.flatten(1) @ x.flatten(1).T, r"matmul_v2 \(of "),
}
"""Networks that mix images, and the operator that does."""
