"""Matrix products."""

from __future__ import annotations

from math import prod

from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.optimized_operators._activations import activation
from edgeslim.paddle_io.optimized_operators._int8 import int8_scales
from edgeslim.paddle_io.optimized_operators._meaning import Meaning, Slots, attribute, single

__all__ = ["full_connection", "product"]

_PADDING = 4
"""Number of padding rows and columns of a weight, if its operator has ``padding_weights``."""


def full_connection(call: OperatorCall) -> Meaning:
    """``fc``: a product with a weight, a bias and an activation."""
    act = activation(
        call, call.attributes.get("activation_type", ""), {"threshold": "alpha"}, "Alpha"
    )
    scales = int8_scales(call, "W0_scale", "Out0_scale")
    columns = attribute(call, "in_num_col_dims")
    over_last_axis = call.attributes.get("op_type", "") in {"matmul", "matmul_v2"}

    def compute(given: Slots) -> Slots:
        rows, weight, bias = (single(given, slot) for slot in ("Input", "W", "Bias"))
        if call.attributes.get("padding_weights"):
            weight = weight[:-_PADDING, :-_PADDING]
        first = rows.ndim - 1 if over_last_axis else columns
        outer = rows.shape[:first]
        result = rows.reshape([prod(outer), -1]) @ weight
        if scales is not None:
            result = scales.dequantize(result, axis=1)
        if bias is not None:
            result = result + bias.reshape([1, -1])
        result = act(result, given)
        if scales is not None:
            result = scales.quantize(result)
        return {"Out": (result.reshape([*outer, weight.shape[1]]),)}

    return compute


def product(call: OperatorCall) -> Meaning:
    """``mul``: the product of two tensors that are reshaped to matrices."""
    scales = int8_scales(call, "Y0_scale", "Out0_scale")
    left, right = attribute(call, "x_num_col_dims"), attribute(call, "y_num_col_dims")

    def compute(given: Slots) -> Slots:
        rows, weight = single(given, "X"), single(given, "Y")
        outer, inner = rows.shape[:left], weight.shape[right:]
        matrix = weight.reshape([prod(weight.shape[:right]), -1])
        result = rows.reshape([prod(outer), -1]) @ matrix
        if scales is not None:
            result = scales.quantize(scales.dequantize(result, axis=1))
        return {"Out": (result.reshape([*outer, *inner]),)}

    return compute
