"""Networks like MobileNetV3 (https://arxiv.org/abs/1905.02244)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddle import Tensor, nn

from edgeslim.families.layers import biased_conv, conv_norm, linear

if TYPE_CHECKING:
    from edgeslim.families.mobilenet_v3.architecture import (
        GatedBottleneck,
        MobileNetV3Architecture,
    )

__all__ = ["MobileNetV3"]


class MobileNetV3(nn.Sequential):  # type: ignore[misc]  # Paddle has no types
    """Stem, bottlenecks, 1x1 convolution, pooling and two layers; for any input size.

    Args:
        architecture: What is between input and output.
        num_classes: Width of the output ``(N, num_classes)``.
        in_channels: ``C`` of the input ``(N, C, H, W)``.
    """

    def __init__(
        self, architecture: MobileNetV3Architecture, num_classes: int, in_channels: int = 3
    ) -> None:
        first, *_, end = architecture.blocks
        stem = conv_norm(
            "conv1",
            in_channels,
            first.reads,
            kernel=3,
            stride=architecture.stem_stride,
            activation="hard_swish",
        )
        blocks = [(block.name, _Bottleneck(block)) for block in architecture.blocks]
        last = conv_norm("conv_last", end.channels, architecture.last, activation="hard_swish")
        super().__init__(
            ("conv1", stem),
            *blocks,
            ("conv_last", last),
            ("pool", nn.AdaptiveAvgPool2D(1)),
            ("flatten", nn.Flatten()),
            ("hidden", linear("fc1", architecture.last, architecture.hidden)),
            ("activation", nn.Hardswish()),
            ("output", linear("fc2", architecture.hidden, num_classes)),
        )


class _Bottleneck(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """Widens, filters each channel by itself, weighs the channels, narrows."""

    def __init__(self, block: GatedBottleneck) -> None:
        super().__init__()
        name = block.name
        self.expand = None
        if block.inner != block.reads:
            self.expand = conv_norm(
                f"{name}_expand", block.reads, block.inner, activation=block.activation
            )
        self.depthwise = conv_norm(
            f"{name}_dwise",
            block.inner,
            block.inner,
            kernel=block.kernel,
            stride=block.stride,
            groups=block.inner,
            activation=block.activation,
        )
        self.gate = _gate(f"{name}_se", block.inner, block.squeezed_width) if block.gate else None
        self.linear = conv_norm(f"{name}_linear", block.inner, block.channels)
        self.adds = block.adds

    def forward(self, images: Tensor) -> Tensor:
        wide = images if self.expand is None else self.expand(images)
        wide = self.depthwise(wide)
        if self.gate is not None:
            wide = wide * self.gate(wide)
        narrow = self.linear(wide)
        return images + narrow if self.adds else narrow


def _gate(name: str, channels: int, squeezed_width: int) -> nn.Sequential:
    """Squeeze and excitation: ``(N, C, H, W)`` to a weight for each channel, ``(N, C, 1, 1)``."""
    return nn.Sequential(
        ("pool", nn.AdaptiveAvgPool2D(1)),
        ("squeeze", biased_conv(f"{name}_sqz", channels, squeezed_width)),
        ("relu", nn.ReLU()),
        ("excite", biased_conv(f"{name}_exc", squeezed_width, channels)),
        ("hard_sigmoid", nn.Hardsigmoid()),
    )
