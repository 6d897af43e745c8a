"""Differences between Paddle's old operators and its current functions.

Slots and attributes are the function's parameters under the names in the operator's own
description. Only what does not follow from that description is listed here.
"""

from __future__ import annotations

from typing import Any

__all__ = ["OPERATOR_TYPES", "PARAMETERS", "operator_arguments"]

OPERATOR_TYPES = {
    "all": "reduce_all",
    "amax": "reduce_amax",
    "amin": "reduce_amin",
    "any": "reduce_any",
    "argmax": "arg_max",
    "argmin": "arg_min",
    "expand_as": "expand_as_v2",
    "grid_sample": "grid_sampler",
    "isfinite": "isfinite_v2",
    "isinf": "isinf_v2",
    "isnan": "isnan_v2",
    "matmul": "matmul_v2",
    "maximum": "elementwise_max",
    "minimum": "elementwise_min",
    "multiply": "elementwise_mul",
    "sum": "reduce_sum",
    "tril": "tril_triu",
    "triu": "tril_triu",
}
"""The operator of each function, where it has another name."""

PARAMETERS = {
    "Input": "x",
    "Other": "y",
    "dim": "axis",
    "keep_dim": "keepdim",
    "keepdims": "keepdim",
    "trans_x": "transpose_x",
    "trans_y": "transpose_y",
    "out_dtype": "dtype",
}
"""The function's parameter for each slot and attribute, where it has another name."""

_REDUCTIONS = {"all", "amax", "amin", "any", "logsumexp", "sum"}


def operator_arguments(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a function, with those that only its operator has.

    Args:
        name: Name of the function.
        given: Arguments of the function by parameter, defaults included.
    """
    if isinstance(given.get("dtype"), bool):  # sum(x, 1, True) keeps the axis
        given = {**given, "dtype": None, "keepdim": given["dtype"]}
    more: dict[str, Any] = {}
    axis = given.get("axis")
    if name in _REDUCTIONS:
        every = axis is None or (isinstance(axis, (list, tuple)) and not axis)
        # Some kernels read the axes only, some the flag only.
        more = {"axis": list(range(len(given["x"].shape))) if every else axis, "reduce_all": every}
    elif name in {"argmax", "argmin"}:
        more = {"axis": 0 if axis is None else axis, "flatten": axis is None}
    elif name in {"tril", "triu"}:
        more = {"lower": name == "tril"}
    elif name == "gelu":
        more = {"approximate": given["approximate"] in {True, "tanh"}}
    elif name == "expand_as":
        more = {"target_shape": given["y"].shape}
    if given.get("dtype") is not None:
        more["dtype"] = _number(given["dtype"])
    return {**given, **more}


def _number(dtype: Any) -> int:  # noqa: ANN401 - a name or one of Paddle's or NumPy's types
    from paddle.base.framework import convert_np_dtype_to_dtype_

    return int(convert_np_dtype_to_dtype_(dtype))
