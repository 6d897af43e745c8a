"""The fused operators of a light-NAS network, part by part."""

from __future__ import annotations

from edgeslim.execution import Target
from edgeslim.families.fused_list import FusedList
from edgeslim.families.light_nas.architecture import BottleneckGroup, LightNasArchitecture
from edgeslim.opspec import OpSpec, Shape

__all__ = ["add_group", "add_head", "add_stem", "fused_operators"]


def fused_operators(
    architecture: LightNasArchitecture, input_shape: Shape, num_classes: int, target: Target | None
) -> tuple[OpSpec, ...]:
    """What the optimizer leaves of a light-NAS network."""
    fused = FusedList(target)
    shape = add_stem(fused, input_shape, architecture)
    for group in architecture.groups:
        shape = add_group(fused, shape, group)
    add_head(fused, shape, architecture, num_classes)
    return fused.specs()


def add_stem(fused: FusedList, shape: Shape, architecture: LightNasArchitecture) -> Shape:
    """The first convolution; returns the shape behind it."""
    return fused.convolution(
        shape,
        architecture.stem_channels,
        kernel=3,
        stride=architecture.stem_stride,
        activation="relu6",
    )


def add_head(
    fused: FusedList, shape: Shape, architecture: LightNasArchitecture, num_classes: int
) -> None:
    """The last 1x1 convolution, the pooling and the classifier."""
    shape = fused.convolution(shape, architecture.head_channels, activation="relu6")
    fused.fully_connected(fused.average_pool(shape, declared_window=True), num_classes)


def add_group(fused: FusedList, shape: Shape, group: BottleneckGroup) -> Shape:
    """The bottlenecks of a group; returns the shape behind them."""
    for layer in range(group.layers):
        shape = _bottleneck(fused, shape, group, is_first=layer == 0)
    return shape


def _bottleneck(fused: FusedList, shape: Shape, group: BottleneckGroup, *, is_first: bool) -> Shape:
    shortcut = group.shortcut and not is_first
    if shortcut:
        fused.barrier()  # the input is read a second time
    inner = group.expanded_width(shape[1])
    shape = fused.convolution(shape, inner, activation="relu6")
    shape = fused.convolution(
        shape,
        inner,
        kernel=group.kernel,
        stride=group.stride if is_first else 1,
        depthwise=True,
        activation="relu6",
    )
    shape = fused.convolution(shape, group.channels)
    if shortcut:
        fused.addition(shape)
    if group.squeeze_excitation:
        pooled = fused.average_pool(shape, declared_window=False)
        squeezed = fused.fully_connected(pooled, group.channels // 4, activation="relu")
        weights = fused.fully_connected(squeezed, group.channels)
        fused.activation("sigmoid", weights)
        fused.unsqueeze(weights)
        fused.channel_product(shape)
        fused.addition(shape, activation="relu")
    return shape
