"""Activations that become part of the operator before them, and their attributes there."""

from __future__ import annotations

from collections.abc import Mapping

from edgeslim.execution import Target
from edgeslim.opspec import Attribute

__all__ = [
    "activation_attributes",
    "convolution_activations",
    "elementwise_activations",
    "fc_activations",
]

_RENAMED = {
    "relu": {},
    "relu6": {"threshold": "fuse_brelu_threshold"},
    "leaky_relu": {"alpha": "leaky_relu_alpha"},
    "hard_swish": {
        "threshold": "hard_swish_threshold",
        "scale": "hard_swish_scale",
        "offset": "hard_swish_offset",
    },
}
"""Names of an activation's attributes in a convolution, by activation and own name."""


def convolution_activations(target: Target, kind: str) -> tuple[str, ...]:
    """Activations that are fused into a kind of convolution, in the order they are looked for."""
    if target is Target.X86:
        return ("relu", "relu", "relu6", "leaky_relu", "hard_swish")
    if kind == "depthwise_conv2d":
        return ("relu", "relu6", "leaky_relu")
    return ("relu", "relu6", "leaky_relu", "hard_swish")


def elementwise_activations(target: Target) -> tuple[str, ...]:
    """Activations that are fused into a sum, difference or product."""
    return ("relu",) if target is Target.ARM else ("relu", "abs", "tanh")


def fc_activations(target: Target) -> tuple[str, ...]:
    """Activations that are fused into a fully connected layer."""
    return ("relu", "relu6") if target is Target.ARM else ("relu",)


def activation_attributes(kind: str, attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """The attributes of a convolution that has an activation.

    Args:
        kind: Kind of the activation, such as ``relu6``.
        attributes: Attributes of the activation as an operator.
    """
    renamed = {new: attributes[old] for old, new in _RENAMED[kind].items()}
    return {"with_act": True, "act_type": kind, **renamed}
