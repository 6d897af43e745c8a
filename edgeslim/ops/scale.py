"""``scale * x + bias``, or ``scale * (x + bias)``, with the activation behind it."""

from __future__ import annotations

from edgeslim.ops._channel_rules import pointwise
from edgeslim.ops._kind import OperatorKind
from edgeslim.opspec import Attributes, OpSpec, Shapes

__all__ = ["KIND"]


def _normal(attributes: Attributes, _inputs: Shapes, _weights: Shapes) -> Attributes:
    """Only the activation's own parameters."""
    gone = {
        "": {"activation_type", "alpha"},
        "relu": {"alpha"},
    }.get(str(attributes["activation_type"]), set())
    return Attributes({name: value for name, value in attributes.items() if name not in gone})


def _is_identity(spec: OpSpec) -> bool:
    attributes = spec.attributes
    return (attributes["scale"], attributes["bias"]) == (1.0, 0.0)


KIND = OperatorKind(
    kind="scale",
    slots=("X",),
    attributes={
        "scale": 1.0,
        "bias": 0.0,
        "bias_after_scale": True,
        "activation_type": "",
        "alpha": 6.0,
    },
    normal=_normal,
    vanishes=_is_identity,
    channels=pointwise,
)
