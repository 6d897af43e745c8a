"""Convolution turned round, depthwise ones included, with what is fused in.

Paddle and Paddle-Lite: ``conv2d_transpose``.
"""

from __future__ import annotations

import math

from edgeslim.ops import _convolution
from edgeslim.ops._kind import OperatorKind
from edgeslim.opspec import Attributes, OpSpec, Shapes

__all__ = ["KIND"]

_OWN = ("output_padding", "output_size", "padding_algorithm")


def _normal(attributes: Attributes, _inputs: Shapes, _weights: Shapes) -> Attributes:
    """Only the activation's own parameters; paddings as they are, for they decide the size."""
    keep = {
        name: attributes[name] for name in ("strides", "paddings", "dilations", "groups", *_OWN)
    }
    return Attributes({**keep, **_convolution.activation(attributes)})


def _macs(spec: OpSpec) -> int:
    """Filter size times the places that are read."""
    n, _, *places = spec.input_shape
    return n * math.prod(places) * math.prod({**spec.inputs, **spec.weights}["Filter"][0])


KIND = OperatorKind(
    kind="conv2d_transpose",
    slots=_convolution.SLOTS,
    outputs=("Output",),
    attributes={**_convolution.ATTRIBUTES, "output_padding": (), "output_size": ()},
    normal=_normal,
    macs=_macs,
    channels=_convolution.transposed_channels,
)
