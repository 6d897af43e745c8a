"""Networks for `rewriting.py`: of blocks that published networks are made of, and Paddle's."""

from __future__ import annotations

import paddle
import paddle.nn.functional as F  # noqa: N812 - the name that everybody uses
from paddle import nn
from paddle.vision.models import (
    alexnet,
    inception_v3,
    resnet34,
    resnext50_32x4d,
    shufflenet_v2_swish,
    shufflenet_v2_x0_25,
    squeezenet1_0,
    vgg11,
)

__all__ = [
    "alexnet",
    "branched",
    "dilated",
    "inception_v3",
    "large_kernels",
    "lcnet",
    "mish_residuals",
    "resnet34",
    "resnext50_32x4d",
    "shufflenet_v2_swish",
    "shufflenet_v2_x0_25",
    "squeezenet1_0",
    "swish_inverted",
    "vgg11",
]


class Branched(nn.Layer):
    """3x3 beside 1x1 beside the tensor itself, each with a norm, as RepVGG is trained."""

    def __init__(self, c_in: int, c_out: int, stride: int) -> None:
        super().__init__()
        self.wide = nn.Sequential(
            nn.Conv2D(c_in, c_out, 3, stride, 1, bias_attr=False), nn.BatchNorm2D(c_out)
        )
        self.point = nn.Sequential(
            nn.Conv2D(c_in, c_out, 1, stride, bias_attr=False), nn.BatchNorm2D(c_out)
        )
        self.same = nn.BatchNorm2D(c_in) if (c_in, stride) == (c_out, 1) else None

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        total = self.wide(x) + self.point(x)
        return F.relu(total if self.same is None else total + self.same(x))


class LargeKernel(nn.Layer):
    """A depthwise 7x7, a norm and two 1x1 with a GELU, as ConvNeXt has them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2D(channels, channels, 7, padding=3, groups=channels),
            nn.BatchNorm2D(channels),
            nn.Conv2D(channels, 2 * channels, 1),
            nn.GELU(approximate=True),
            nn.Conv2D(2 * channels, channels, 1),
        )

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return x + self.body(x)


class SwishInverted(nn.Layer):
    """An inverted residual with swish and squeeze-and-excitation, as EfficientNet has it."""

    def __init__(self, c_in: int, c_out: int, stride: int) -> None:
        super().__init__()
        wide = 4 * c_in
        self.expand = nn.Sequential(
            nn.Conv2D(c_in, wide, 1, bias_attr=False), nn.BatchNorm2D(wide), nn.Swish()
        )
        self.depth = nn.Sequential(
            nn.Conv2D(wide, wide, 3, stride, 1, groups=wide, bias_attr=False),
            nn.BatchNorm2D(wide),
            nn.Swish(),
        )
        self.squeeze = nn.Sequential(
            nn.AdaptiveAvgPool2D(1), nn.Conv2D(wide, c_in, 1), nn.Swish(), nn.Conv2D(c_in, wide, 1)
        )
        self.project = nn.Sequential(
            nn.Conv2D(wide, c_out, 1, bias_attr=False), nn.BatchNorm2D(c_out)
        )
        self.is_residual = (c_in, stride) == (c_out, 1)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        y = self.depth(self.expand(x))
        y = self.project(y * F.sigmoid(self.squeeze(y)))
        return x + y if self.is_residual else y


class Separable(nn.Layer):
    """A depthwise and a 1x1 convolution, as PP-LCNet has them, with another function if wished."""

    def __init__(  # noqa: PLR0917 - like a convolution's
        self,
        c_in: int,
        c_out: int,
        kernel: int,
        stride: int = 1,
        dilation: int = 1,
        function: type[nn.Layer] = nn.Hardswish,
        *,
        squeezes: bool = False,
    ) -> None:
        super().__init__()
        padding = dilation * (kernel // 2)
        self.depth = nn.Sequential(
            nn.Conv2D(
                *(c_in, c_in, kernel, stride, padding, dilation), groups=c_in, bias_attr=False
            ),
            nn.BatchNorm2D(c_in),
            function(),
        )
        self.squeeze = nn.Sequential(
            nn.AdaptiveAvgPool2D(1),
            nn.Conv2D(c_in, c_in // 4, 1),
            nn.ReLU(),
            nn.Conv2D(c_in // 4, c_in, 1),
            nn.Hardsigmoid(),
        )
        self.squeezes = squeezes
        self.point = nn.Sequential(
            nn.Conv2D(c_in, c_out, 1, bias_attr=False), nn.BatchNorm2D(c_out), function()
        )

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        y = self.depth(x)
        return self.point(y * self.squeeze(y) if self.squeezes else y)


class MishResidual(nn.Layer):
    """1x1 and 3x3 with mish beside the tensor itself, as CSPDarknet has them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2D(channels, channels // 2, 1, bias_attr=False),
            nn.BatchNorm2D(channels // 2),
            nn.Mish(),
            nn.Conv2D(channels // 2, channels, 3, padding=1, bias_attr=False),
            nn.BatchNorm2D(channels),
            nn.Mish(),
        )

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return x + self.body(x)


def _with_norms(net: nn.Layer, variance: float = 1.0) -> nn.Layer:
    """The network with statistics in its norms as after a training, and not 0 and 1.

    Args:
        net: The network.
        variance: Mean of the variances; the smaller, the less a deep network fades.
    """
    paddle.seed(0)
    for name, value in net.state_dict().items():
        if name.endswith("_mean"):
            value.set_value(paddle.randn(value.shape) * 0.1)
        if name.endswith("_variance"):
            value.set_value((paddle.rand(value.shape) + 0.5) * variance)
    return net


def _classifier(channels: int, *blocks: nn.Layer, variance: float = 1.0) -> nn.Layer:
    net = nn.Sequential(*blocks, nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Linear(channels, 100))
    return _with_norms(net, variance)


def branched() -> nn.Layer:
    """Nine blocks of branches."""
    widths = ((3, 32, 2), (32, 48, 2), *([(48, 48, 1)] * 3), (48, 96, 2), *([(96, 96, 1)] * 3))
    return _classifier(96, *(Branched(*width) for width in widths))


def large_kernels() -> nn.Layer:
    """Four blocks with depthwise 7x7."""
    return _classifier(64, nn.Conv2D(3, 64, 4, 4), *(LargeKernel(64) for _ in range(4)))


def swish_inverted() -> nn.Layer:
    """Six inverted residuals with swish."""
    widths = ((16, 24, 2), (24, 24, 1), (24, 40, 2), (40, 40, 1), (40, 80, 2), (80, 80, 1))
    first = nn.Sequential(nn.Conv2D(3, 16, 3, 2, 1, bias_attr=False), nn.BatchNorm2D(16))
    return _classifier(80, first, nn.Swish(), *(SwishInverted(*width) for width in widths))


def _first(channels: int, function: type[nn.Layer]) -> nn.Layer:
    """A convolution that halves the picture."""
    return nn.Sequential(
        nn.Conv2D(3, channels, 3, 2, 1, bias_attr=False), nn.BatchNorm2D(channels), function()
    )


def lcnet() -> nn.Layer:
    """Eight separable convolutions with hard swish, the last with squeeze-and-excitation."""
    blocks = (
        *(Separable(16, 32, 3), Separable(32, 64, 3, 2), Separable(64, 64, 3)),
        *(Separable(64, 128, 3, 2), Separable(128, 128, 5), Separable(128, 128, 5)),
        *(Separable(128, 256, 5, 2, squeezes=True), Separable(256, 256, 5, squeezes=True)),
    )
    return _classifier(256, _first(16, nn.Hardswish), *blocks, variance=0.05)


def dilated() -> nn.Layer:
    """Separable convolutions with dilation, as in networks that segment pictures."""
    blocks = [Separable(64, 64, 3, dilation=step, function=nn.ReLU) for step in (1, 2, 2, 3)]
    return _classifier(64, _first(64, nn.ReLU), *blocks, variance=0.1)


def mish_residuals() -> nn.Layer:
    """Four residuals with mish."""
    return _classifier(64, _first(64, nn.Mish), *(MishResidual(64) for _ in range(4)))
