"""Arithmetic of single elements, of one tensor or of two."""

from __future__ import annotations

from edgeslim.ops._channel_rules import copy, elementwise, pointwise
from edgeslim.ops._kind import ELEMENT_TYPES, OperatorKind
from edgeslim.opspec import Attributes, OpSpec, Shapes

__all__ = ["KINDS"]

_POSITIVE = {"elementwise_pow", "log", "rsqrt", "sqrt"}


def _element_type_read(spec: OpSpec) -> str:
    return ELEMENT_TYPES.get(spec.attributes.get("in_dtype", 5), "float32")


def _is_factor_one(spec: OpSpec) -> bool:
    return spec.attributes["dropout_implementation"] == "upscale_in_train"


def _scale_attributes(attributes: Attributes, _inputs: Shapes, _weights: Shapes) -> Attributes:
    """Only the activation's own parameters."""
    absent = {
        "": {"activation_type", "alpha"},
        "relu": {"alpha"},
    }.get(str(attributes["activation_type"]), set())
    return Attributes({name: value for name, value in attributes.items() if name not in absent})


def _is_scale_identity(spec: OpSpec) -> bool:
    return (spec.attributes["scale"], spec.attributes["bias"]) == (1.0, 0.0)


KINDS = (
    *(
        OperatorKind(kind=kind, positive=kind in _POSITIVE, channels=pointwise)
        for kind in ("abs", "exp", "floor", "log", "reciprocal", "rsqrt", "sqrt", "square")
    ),
    OperatorKind(kind="assign", channels=copy),
    OperatorKind(
        kind="cast",
        attributes={"in_dtype": 5, "out_dtype": 5},  # numbers of ELEMENT_TYPES
        element_type=_element_type_read,
        channels=pointwise,
    ),
    OperatorKind(kind="clip", attributes={"min": 0.0, "max": 0.0}, channels=pointwise),
    # At inference it does nothing, or multiplies by a constant factor.
    OperatorKind(
        kind="dropout",
        scratch=("Mask",),
        attributes={
            "dropout_implementation": "downgrade_in_infer",
            "dropout_prob": 0.5,
            "is_test": True,
            "fix_seed": False,
            "seed": 0,
        },
        is_identity=_is_factor_one,
        channels=pointwise,
    ),
    OperatorKind(kind="pow", attributes={"factor": 1.0}, positive=True, channels=pointwise),
    # `scale * x + bias`, or `scale * (x + bias)`, with the activation behind it.
    OperatorKind(
        kind="scale",
        attributes={
            "scale": 1.0,
            "bias": 0.0,
            "bias_after_scale": True,
            "activation_type": "",
            "alpha": 6.0,
        },
        normal_form=_scale_attributes,
        is_identity=_is_scale_identity,
        channels=pointwise,
    ),
    *(
        OperatorKind(
            kind=f"elementwise_{function}",
            slots=("X", "Y"),
            attributes={"axis": -1},
            positive=f"elementwise_{function}" in _POSITIVE,
            channels=elementwise,
        )
        for function in ("add", "div", "max", "min", "mul", "pow", "sub")
    ),
    *(
        OperatorKind(
            kind=f"fusion_elementwise_{function}_activation",
            slots=("X", "Y"),
            attributes={"axis": -1, "act_type": "relu"},
            channels=elementwise,
        )
        for function in ("add", "mul", "sub")
    ),
)
