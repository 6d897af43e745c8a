"""Layers that the networks of all families are made of.

Parameters carry the names PaddleSlim 1.x gave them, because people choose what to prune by
regular expressions over names (``.*_sep_weights``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import paddle
from paddle import Tensor, nn

__all__ = [
    "BoxHead",
    "ConvNormNames",
    "WindowAverage",
    "biased_conv",
    "classifier",
    "conv_norm",
    "linear",
]

_COORDINATES = 4
"""Numbers that describe a box."""

_ACTIVATIONS = {
    "hard_swish": nn.Hardswish,
    "leaky_relu": partial(nn.LeakyReLU, 0.1),
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ConvNormNames:
    """Names of the parameters of a convolution and of its batch norm."""

    weights: str
    scale: str
    offset: str
    mean: str
    variance: str

    @classmethod
    def from_prefix(cls, name: str, norm_name: str | None = None) -> ConvNormNames:
        """The names that most networks have: ``<name>_weights``, ``<name>_bn_scale`` and so on."""
        norm = norm_name or f"{name}_bn"
        return cls(
            weights=f"{name}_weights",
            scale=f"{norm}_scale",
            offset=f"{norm}_offset",
            mean=f"{norm}_mean",
            variance=f"{norm}_variance",
        )


def conv_norm(
    names: ConvNormNames | str,
    c_in: int,
    c_out: int,
    *,
    kernel: int = 1,
    stride: int = 1,
    groups: int = 1,
    activation: str = "",
) -> nn.Sequential:
    """A convolution without bias, its batch norm and, if named, what follows them.

    Args:
        names: Names of the parameters; a text is their prefix, as `ConvNormNames.from_prefix` says.
        c_in: Number of channels that it reads.
        c_out: Number of channels that it writes.
        kernel: Side of the square filter; the padding keeps the extents at stride 1.
        stride: Stride of the filter along both axes.
        groups: Number of groups; ``c_in`` for a depthwise convolution.
        activation: ``relu``, ``relu6``, ``hard_swish`` or ``leaky_relu``, which falls by a
            tenth; empty for none.
    """
    if isinstance(names, str):
        names = ConvNormNames.from_prefix(names)
    conv = nn.Conv2D(
        c_in,
        c_out,
        kernel,
        stride=stride,
        padding=(kernel - 1) // 2,
        groups=groups,
        bias_attr=False,
        # Paddle's default counts all input channels of a depthwise filter as its own.
        weight_attr=nn.initializer.KaimingNormal(),
    )
    norm = nn.BatchNorm2D(c_out)
    # Assigned, not passed in: a name passed in may be used only once in a process.
    conv.weight.name = names.weights
    norm.weight.name, norm.bias.name = names.scale, names.offset
    statistics = {"_mean": names.mean, "_variance": names.variance}
    for own_name, parameter in norm.named_parameters():
        parameter.name = statistics.get(own_name, parameter.name)
    layers = [("conv", conv), ("norm", norm)]
    if activation:
        layers.append(("activation", _ACTIVATIONS[activation]()))
    return nn.Sequential(*layers)


def biased_conv(name: str, c_in: int, c_out: int) -> nn.Conv2D:
    """A 1x1 convolution with bias and no norm: ``<name>_weights``, ``<name>_offset``."""
    layer = nn.Conv2D(c_in, c_out, 1, weight_attr=nn.initializer.KaimingNormal())
    layer.weight.name = f"{name}_weights"
    layer.bias.name = f"{name}_offset"
    return layer


def linear(name: str, inputs: int, outputs: int) -> nn.Linear:
    """A fully connected layer with bias: ``<name>_weights``, ``<name>_offset``."""
    layer = nn.Linear(inputs, outputs)
    layer.weight.name = f"{name}_weights"
    layer.bias.name = f"{name}_offset"
    return layer


def classifier(output: nn.Linear, *, pool: nn.Layer | None = None) -> nn.Sequential:
    """Global average pooling, ``(N, C, H, W)`` to ``(N, C)``, and the layer after it."""
    return nn.Sequential(
        ("pool", pool or nn.AdaptiveAvgPool2D(1)), ("flatten", nn.Flatten()), ("output", output)
    )


class WindowAverage(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """Global average pooling that declares its window, as the originals of light-NAS do.

    It computes what adaptive pooling to 1x1 does; PaddleSlim's first counter, with which
    the published numbers were made, counts a declared window and nothing else.
    """

    def forward(self, images: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(images, images.shape[2:])


class BoxHead(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """Boxes and classes of one map, with its positions along one axis.

    ``(N, channels, H, W)`` to ``(N, H * W * boxes, 4)`` and ``(N, H * W * boxes, num_classes)``.

    Args:
        channels: Number of channels of the map.
        boxes: Number of boxes at each position.
        num_classes: Number of classes, the background among them.
        kernel: Side of the square filters.
    """

    def __init__(self, channels: int, boxes: int, num_classes: int, *, kernel: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        padding = (kernel - 1) // 2
        self.location = nn.Conv2D(channels, boxes * _COORDINATES, kernel, padding=padding)
        self.confidence = nn.Conv2D(channels, boxes * num_classes, kernel, padding=padding)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        return (
            _flatten_positions(self.location(features), _COORDINATES),
            _flatten_positions(self.confidence(features), self.num_classes),
        )


def _flatten_positions(answers: Tensor, numbers: int) -> Tensor:
    """``(N, boxes * numbers, H, W)`` to ``(N, H * W * boxes, numbers)``."""
    return paddle.reshape(paddle.transpose(answers, [0, 2, 3, 1]), [0, -1, numbers])
