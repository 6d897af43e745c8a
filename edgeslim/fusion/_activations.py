"""Which activations become part of the operator before them, and under which names."""

from __future__ import annotations

from collections.abc import Mapping

from edgeslim.execution import Target
from edgeslim.opspec import Attribute

__all__ = ["activation_of_convolution", "into_convolution", "into_elementwise", "into_fc"]

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
"""By activation, what its attributes are called in a convolution."""


def into_convolution(target: Target, kind: str) -> tuple[str, ...]:
    """Activations that a kind of convolution takes in, in the order they are looked for."""
    if target is Target.X86:
        return ("relu", "relu", "relu6", "leaky_relu", "hard_swish")
    if kind == "depthwise_conv2d":
        return ("relu", "relu6", "leaky_relu")
    return ("relu", "relu6", "leaky_relu", "hard_swish")


def into_elementwise(target: Target) -> tuple[str, ...]:
    """Activations that a sum, difference or product takes in."""
    return ("relu",) if target is Target.ARM else ("relu", "abs", "tanh")


def into_fc(target: Target) -> tuple[str, ...]:
    """Activations that a fully connected layer takes in."""
    return ("relu", "relu6") if target is Target.ARM else ("relu",)


def activation_of_convolution(
    kind: str, attributes: Mapping[str, Attribute]
) -> dict[str, Attribute]:
    """The attributes that a convolution has an activation by.

    Args:
        kind: The activation.
        attributes: Its own attributes.
    """
    renamed = {new: attributes[old] for old, new in _RENAMED[kind].items()}
    return {"with_act": True, "act_type": kind, **renamed}
