"""Elementwise operators of one tensor, or of two of which one is broadcast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.optimized_operators._activations import activation
from edgeslim.paddle_io.optimized_operators._meaning import (
    Meaning,
    Slots,
    attribute,
    is_int8,
    single,
)

__all__ = ["BINARY", "combine_elements", "scale"]


def _maximum(left: Any, right: Any) -> Any:  # noqa: ANN401
    from paddle import maximum

    return maximum(left, right)


def _minimum(left: Any, right: Any) -> Any:  # noqa: ANN401
    from paddle import minimum

    return minimum(left, right)


def _quotient(left: Any, right: Any) -> Any:  # noqa: ANN401
    """The quotient; that of integers is rounded towards zero, as in C++."""
    if left.dtype.name in {"INT32", "INT64"}:
        from paddle import trunc

        return trunc(left.astype("float64") / right.astype("float64")).astype(left.dtype)
    return left / right


BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "elementwise_add": lambda left, right: left + right,
    "elementwise_sub": lambda left, right: left - right,
    "elementwise_mul": lambda left, right: left * right,
    "elementwise_div": _quotient,
    "elementwise_max": _maximum,
    "elementwise_min": _minimum,
    "elementwise_pow": lambda left, right: left**right,
}
"""The function of each operator of two tensors."""


def combine_elements(call: OperatorCall) -> Meaning:
    """``elementwise_x``, and ``fusion_elementwise_x_activation``."""
    kind = call.kind.removeprefix("fusion_").removesuffix("_activation")
    combine = BINARY[kind]
    act = activation(call, call.attributes.get("act_type", ""), {})
    axis = attribute(call, "axis")
    if is_int8(call):
        raise ModelError(f"{call.kind} has an int8 kernel")
    if call.attributes.get("fuse_scale"):
        raise ModelError(f"{call.kind} has a fused scale")

    def compute(given: Slots) -> Slots:
        left, right = single(given, "X"), single(given, "Y")
        if left.ndim > right.ndim:
            right = _align(right, left.ndim, axis)
        elif right.ndim > left.ndim:
            left = _align(left, right.ndim, axis)
        return {"Out": (act(combine(left, right), given),)}

    return compute


def _align(tensor: Any, axes: int, axis: int) -> Any:  # noqa: ANN401
    """A tensor with more axes, its own from a given one on; -1 puts them last."""
    before = axes - tensor.ndim if axis == -1 else axis
    return tensor.reshape([*[1] * before, *tensor.shape, *[1] * (axes - before - tensor.ndim)])


def scale(call: OperatorCall) -> Meaning:
    """``scale``, perhaps with a fused activation, and another factor and offset after that."""
    act = activation(call, call.attributes.get("activation_type", ""), {"threshold": "alpha"})
    factor, offset = attribute(call, "scale"), attribute(call, "bias")
    if not attribute(call, "bias_after_scale"):
        offset *= factor
    again = bool(call.attributes.get("fuse_scaleact"))

    def compute(given: Slots) -> Slots:
        images = single(given, "X")
        if images.dtype.name in {"INT32", "INT64"}:
            result = images * int(factor) + int(offset)
        else:
            result = images * factor + offset
        result = act(result, given)
        if again:
            result = result * attribute(call, "scale1") + attribute(call, "bias1")
        return {"Out": (result,)}

    return compute
