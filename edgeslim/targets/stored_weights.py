"""Weights that are stored as integers and converted to floats when the model is loaded."""

from __future__ import annotations

from edgeslim.execution import Precision
from edgeslim.targets._law import EVERYWHERE, Law, Operator

__all__ = ["LAWS", "STORED_PRODUCTS"]

_FACTORS = ("X", "Y")


def _has_weights(operator: Operator) -> bool:
    return any(slot in operator.constants for slot in _FACTORS)


STORED_PRODUCTS = Law(
    name="products-with-stored-weights",
    operators=("matmul", "matmul_v2"),
    condition="with weights that are stored as integers",
    meets=_has_weights,
    happens="the runtime reads the integers as floats, beyond their end",
    kernels=EVERYWHERE,
    precisions=frozenset({Precision.INT8_WEIGHTS, Precision.INT16_WEIGHTS}),
    rewrite="plain-products",
    form="as mul",
    mend="leave the weights in floats (--precisions fp32)",
    source="lite/api/light_api.cc, lite/core/optimizer/mir/post_quant_dynamic_pass.cc",
)

LAWS = (STORED_PRODUCTS,)
