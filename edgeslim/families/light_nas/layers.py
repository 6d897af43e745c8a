"""The networks of the light-NAS search space of PaddleSlim 1.x, in Paddle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paddle import Tensor, nn

from edgeslim.families.layers import WindowAverage, classifier, conv_norm, linear

if TYPE_CHECKING:
    from edgeslim.families.light_nas.architecture import BottleneckGroup, LightNasArchitecture

__all__ = ["LightNasNet"]


class LightNasNet(nn.Sequential):  # type: ignore[misc]  # Paddle has no types
    """Stem, groups of inverted bottlenecks, 1x1 convolution, classifier; for any input size.

    Args:
        architecture: What is between input and output.
        num_classes: Width of the output ``(N, num_classes)``.
        in_channels: ``C`` of the input ``(N, C, H, W)``.
    """

    def __init__(
        self, architecture: LightNasArchitecture, num_classes: int, in_channels: int = 3
    ) -> None:
        stem, head = architecture.stem_channels, architecture.head_channels
        blocks: list[tuple[str, nn.Layer]] = []
        width = stem
        for number, group in enumerate(architecture.groups, start=2):
            for layer in range(1, group.layers + 1):
                name = f"conv{number}_{layer}"
                block = _Bottleneck(name, width, group, is_first=layer == 1)
                blocks.append((name, block))
                width = group.channels
        last = len(architecture.groups) + 2
        super().__init__(
            (
                "conv1_1",
                conv_norm(
                    "conv1_1",
                    in_channels,
                    stem,
                    kernel=3,
                    stride=architecture.stem_stride,
                    activation="relu6",
                ),
            ),
            *blocks,
            (f"conv{last}", conv_norm(f"conv{last}", width, head, activation="relu6")),
            (
                "classifier",
                classifier(linear(f"fc{last + 1}", head, num_classes), pool=WindowAverage()),
            ),
        )


class _Bottleneck(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """Widens, filters each channel by itself, narrows; adds its input, weighs its output."""

    def __init__(self, name: str, c_in: int, group: BottleneckGroup, *, is_first: bool) -> None:
        super().__init__()
        inner = group.expanded_width(c_in)
        self.expand = conv_norm(f"{name}_expand", c_in, inner, activation="relu6")
        self.depthwise = conv_norm(
            f"{name}_dwise",
            inner,
            inner,
            kernel=group.kernel,
            stride=group.stride if is_first else 1,
            groups=inner,
            activation="relu6",
        )
        self.linear = conv_norm(f"{name}_linear", inner, group.channels)
        self.has_shortcut = group.shortcut and not is_first
        self.channel_weights = (
            _channel_weights(f"{name}_fc", group.channels) if group.squeeze_excitation else None
        )

    def forward(self, images: Tensor) -> Tensor:
        narrow = self.linear(self.depthwise(self.expand(images)))
        out = images + narrow if self.has_shortcut else narrow
        if self.channel_weights is not None:
            weights = self.channel_weights(narrow).unsqueeze([2, 3])
            # Not the usual gate: the weighted output is added and brings a relu with it.
            out = nn.functional.relu(out + narrow * weights)
        return out


def _channel_weights(name: str, channels: int) -> nn.Sequential:
    """Squeeze and excitation: ``(N, C, H, W)`` to a weight for each channel, ``(N, C)``."""
    squeezed = channels // 4
    return nn.Sequential(
        ("pool", nn.AdaptiveAvgPool2D(1)),
        ("flatten", nn.Flatten()),
        ("squeeze", linear(f"{name}_sqz", channels, squeezed)),
        ("relu", nn.ReLU()),
        ("excite", linear(f"{name}_exc", squeezed, channels)),
        ("sigmoid", nn.Sigmoid()),
    )
