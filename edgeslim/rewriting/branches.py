"""Linear branches of a network: a layer with products and sums behind it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from edgeslim.rewriting.affine import Values, affine_of
from edgeslim.rewriting.layers import Layer, layer_of
from edgeslim.rewriting.network import Network, Op

__all__ = ["Branch", "branch_of"]

_CONVOLUTIONS = frozenset({"conv2d", "depthwise_conv2d"})


@dataclass(frozen=True, eq=False)
class Branch:
    """A layer, or nothing, with products and sums behind it.

    Args:
        source: Name of the tensor that it reads.
        layer: The convolution or matrix product; None where there is none.
        factor: A number for each channel that the result is multiplied by.
        offset: A number for each channel that is added.
        ops: Operators of the branch, the last first.
    """

    source: str
    layer: Layer | None
    factor: Values
    offset: Values
    ops: tuple[Op, ...]


def branch_of(
    network: Network, name: str, kinds: Collection[str] = _CONVOLUTIONS, axis: int = 1
) -> Branch:
    """The branch that ends at a tensor; without operators if the tensor is read by others too.

    Args:
        network: The network that it is part of.
        name: Name of the tensor.
        kinds: Kinds of layers that it may begin with.
        axis: The axis of the tensor's channels.
    """
    channels = network.shapes[name][axis]
    factor, offset = np.ones(channels), np.zeros(channels)
    ops: list[Op] = []
    while True:
        maker = network.maker(name)
        if maker is None or network.only_reader(name) is None:
            break
        affine = affine_of(network, maker)
        if affine is not None and affine.axis in {-1, axis}:
            own_factor, own_offset = affine.along(channels)
            offset = offset + factor * own_offset
            factor = factor * own_factor
            ops.append(maker)
            name = affine.source
            continue
        layer = layer_of(network, maker) if maker.kind in kinds else None
        if layer is None or layer.source in network.values:
            break
        return Branch(layer.source, layer, factor, offset, (*ops, maker))
    return Branch(name, None, factor, offset, tuple(ops))
