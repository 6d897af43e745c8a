"""Small networks of what image networks are made of; each reads ``(1, 3, 16, 16)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import paddle
import paddle.nn.functional as F  # noqa: N812 - the name that everybody uses
from paddle import nn

INPUT_SHAPE = (1, 3, 16, 16)


class Behind(nn.Layer):
    """Anything behind a convolution of 8 channels with a bias, its norm and more layers."""

    def __init__(self, function: Callable[[Any], Any], *layers: nn.Layer) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2D(3, 8, 3, padding=1, stride=2), nn.BatchNorm2D(8), *layers
        )
        self.function = function

    def forward(self, images: Any) -> Any:
        return self.function(self.body(images))


def same(images: Any) -> Any:
    return images


def resized(images: Any) -> Any:
    return F.interpolate(images, size=[12, 12], mode="bilinear")


def resized_to_another(images: Any) -> Any:
    return F.interpolate(F.max_pool2d(images, 2), size=images.shape[2:], mode="nearest")


def halves(images: Any) -> Any:
    first, second = paddle.chunk(images, 2, axis=1)
    return paddle.concat([second, first * F.sigmoid(second)], axis=1)


def squared(images: Any) -> Any:
    return images**2 / 3


def products(images: Any) -> Any:
    rows = images.flatten(2)
    return paddle.bmm(rows, rows.transpose([0, 2, 1])) * 0.1 + paddle.amax(rows, -1, keepdim=True)


def classifier(dropout: nn.Layer) -> list[nn.Layer]:
    return [nn.ReLU6(), nn.AdaptiveAvgPool2D(1), nn.Flatten(), dropout, nn.Linear(8, 4)]


NETS: dict[str, Callable[[], nn.Layer]] = {
    "channel-shuffle": lambda: Behind(same, nn.ChannelShuffle(2)),
    "classifier": lambda: Behind(same, *classifier(nn.Dropout(0.3))),
    "classifier-with-factor": lambda: Behind(
        same, *classifier(nn.Dropout(0.3, mode="downscale_in_infer"))
    ),
    "depthwise-transposed": lambda: Behind(same, nn.Conv2DTranspose(8, 8, 4, 2, 1, groups=8)),
    "halves": lambda: Behind(halves),
    "hard-swish": lambda: Behind(same, nn.Hardswish()),
    "hard-tanh": lambda: Behind(same, nn.Hardtanh()),
    "instance-norm": lambda: Behind(same, nn.InstanceNorm2D(8), nn.ReLU()),
    "leaky-relu": lambda: Behind(same, nn.LeakyReLU(0.1)),
    "prelu": lambda: Behind(same, nn.PReLU(8)),
    "products": lambda: Behind(products),
    "resized": lambda: Behind(resized),
    "resized-to-another": lambda: Behind(resized_to_another),
    "silu": lambda: Behind(same, nn.Silu()),
    "squared": lambda: Behind(squared),
    "swish": lambda: Behind(same, nn.Swish()),
    "transposed": lambda: Behind(
        same, nn.ReLU(), nn.Conv2DTranspose(8, 4, 3, 2, 1, 1), nn.BatchNorm2D(4), nn.ReLU()
    ),
    "upsampled": lambda: Behind(same, nn.Upsample(scale_factor=2, mode="nearest")),
}


def convolutions(*layers: nn.Layer) -> nn.Sequential:
    """Two convolutions that are worth merging, and more layers behind an activation."""
    pays = [nn.Conv2D(8, 4, 1, bias_attr=False), nn.Conv2D(4, 6, 1, bias_attr=False)]
    return nn.Sequential(nn.Conv2D(3, 8, 1), nn.ReLU(), *pays, nn.ReLU(), *layers)


def _two(kernel: int = 1, groups: int = 1, **second: int) -> nn.Sequential:
    first = nn.Conv2D(6, 8, 1, groups=groups, bias_attr=False)
    return convolutions(first, nn.Conv2D(8, 8, kernel, bias_attr=False, **second))


MERGED_WRONGLY: dict[str, Callable[[], nn.Layer]] = {
    "stride": lambda: _two(stride=2),
    "padding": lambda: _two(kernel=3, padding=1),
    "dilation": lambda: _two(kernel=3, dilation=2),
    "kernel": lambda: _two(kernel=3),
    "groups": lambda: _two(groups=2),
}
"""Networks in which the optimizer would merge two convolutions that it must not merge."""

ABORTING = ("stride", "padding", "dilation")
"""The ones of these at which it notices."""
