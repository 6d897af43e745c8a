"""Activation functions."""

from __future__ import annotations

from edgeslim.ops._channel_rules import across_axes, pointwise, prelu
from edgeslim.ops._kind import OperatorKind, elements
from edgeslim.opspec import Attribute

__all__ = ["KINDS"]

_PARAMETERS: dict[str, dict[str, Attribute]] = {
    "elu": {"alpha": 1.0},
    "gelu": {"approximate": False},
    "hard_sigmoid": {"slope": 0.2, "offset": 0.5},
    "hard_swish": {"threshold": 6.0, "scale": 6.0, "offset": 3.0},
    "leaky_relu": {"alpha": 0.02},
    "mish": {"threshold": 20.0},
    "relu6": {"threshold": 6.0},
    "silu": {},
    "softplus": {"beta": 1.0, "threshold": 20.0},
    "swish": {"beta": 1.0},
    "tanh": {},
}
"""The parameters of functions of one element, with their values when they are absent."""

KINDS = (
    *(
        OperatorKind(kind=kind, attributes=parameters, channels=pointwise)
        for kind, parameters in _PARAMETERS.items()
    ),
    *(
        OperatorKind(kind=kind, paddleslim1_flops=elements, channels=pointwise)
        for kind in ("relu", "sigmoid")
    ),
    OperatorKind(kind="prelu", slots=("X", "Alpha"), attributes={"mode": "all"}, channels=prelu),
    *(
        OperatorKind(kind=kind, attributes={"axis": -1}, channels=across_axes)
        for kind in ("log_softmax", "softmax")
    ),
)
