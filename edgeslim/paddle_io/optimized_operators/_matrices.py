"""Products of matrices."""

from __future__ import annotations

from math import prod

from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.optimized_operators._activations import activation
from edgeslim.paddle_io.optimized_operators._int8 import rounding
from edgeslim.paddle_io.optimized_operators._meaning import Meaning, Slots, attribute, only

__all__ = ["full_connection", "product"]

_PADDING = 4
"""Rows and columns that a weight has too many where its operator says ``padding_weights``."""


def full_connection(call: OperatorCall) -> Meaning:
    """``fc``: a product with a weight, a bias and an activation."""
    act = activation(
        call, call.attributes.get("activation_type", ""), {"threshold": "alpha"}, "Alpha"
    )
    scales = rounding(call, "W0_scale", "Out0_scale")
    columns = attribute(call, "in_num_col_dims")
    over_last_axis = call.attributes.get("op_type", "") in {"matmul", "matmul_v2"}

    def compute(given: Slots) -> Slots:
        rows, weight, bias = (only(given, slot) for slot in ("Input", "W", "Bias"))
        if call.attributes.get("padding_weights"):
            weight = weight[:-_PADDING, :-_PADDING]
        first = rows.ndim - 1 if over_last_axis else columns
        outer = rows.shape[:first]
        result = rows.reshape([prod(outer), -1]) @ weight
        if scales is not None:
            result = scales.restored(result, axis=1)
        if bias is not None:
            result = result + bias.reshape([1, -1])
        result = act(result, given)
        if scales is not None:
            result = scales.rounded(result)
        return {"Out": (result.reshape([*outer, weight.shape[1]]),)}

    return compute


def product(call: OperatorCall) -> Meaning:
    """``mul``: both made matrices first."""
    scales = rounding(call, "Y0_scale", "Out0_scale")
    left, right = attribute(call, "x_num_col_dims"), attribute(call, "y_num_col_dims")

    def compute(given: Slots) -> Slots:
        rows, weight = only(given, "X"), only(given, "Y")
        outer, inner = rows.shape[:left], weight.shape[right:]
        matrix = weight.reshape([prod(weight.shape[:right]), -1])
        result = rows.reshape([prod(outer), -1]) @ matrix
        if scales is not None:
            result = scales.rounded(scales.restored(result, axis=1))
        return {"Out": (result.reshape([*outer, *inner]),)}

    return compute
