"""Operators that are run in dynamic mode by Paddle's current functions instead of its old ones.

These are the operators that behave differently in training; those whose old functions do
not run any more, since Paddle's newer kernels need attributes in 64 bits that the old
functions pass in 32, or end the process if an input is left out, or have no
gradient if an output is not read; and those that are frequent in networks, since an old
function takes some ten microseconds more, and its gradient as much again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from edgeslim.ops import ELEMENT_TYPES

__all__ = ["FUNCTIONS", "OLDER_NAMES", "Compute", "Function", "Slots"]

Slots = Mapping[str, Sequence[Any]]
"""Tensors by slot."""

Compute = Callable[[Slots, Mapping[str, Any], bool], Slots]
"""From inputs, attributes and whether the network is training, to outputs."""


class Function(NamedTuple):
    """A function that runs an operator.

    Args:
        slots: The slots of the inputs that it can take.
        compute: Computes the outputs from the inputs.
    """

    slots: Sequence[str]
    compute: Compute


def _one(given: Slots, slot: str) -> Any:  # noqa: ANN401 - a Tensor or None
    return given[slot][0] if slot in given else None


_NO_SLOT = ""
"""Stands for a slot that no operator has, for a parameter that takes a list."""


def _native(
    name: str, slots: Sequence[str], attributes: Mapping[str, Any], output: str = "Out"
) -> Function:
    """A function of ``paddle._C_ops``.

    Args:
        name: Name of the function.
        slots: Slots of inputs in the order of its parameters; an input left out is None.
        attributes: Names and defaults of the attributes that follow, in order.
        output: The slot of the operator's output.
    """

    def compute(given: Slots, own: Mapping[str, Any], _training: bool) -> Slots:
        from paddle import _C_ops

        inputs = [_one(given, slot) for slot in slots]
        values = [own.get(attribute, default) for attribute, default in attributes.items()]
        result = getattr(_C_ops, name)(*inputs, *values)
        return {output: result if isinstance(result, list) else (result,)}

    return Function(slots, compute)


def _interpolation(name: str) -> Function:
    return _native(
        f"{name}_interp",
        ("X", "OutSize", _NO_SLOT, "Scale"),
        {
            "data_layout": "NCHW",
            "out_d": -1,
            "out_h": -1,
            "out_w": -1,
            "scale": [],
            "interp_method": name,
            "align_corners": True,
            "align_mode": 1,
        },
    )


def _batch_norm(given: Slots, attributes: Mapping[str, Any], training: bool) -> Slots:
    """Uses the batch's statistics in training, and updates the moving ones in place."""
    from paddle.nn.functional import batch_norm

    out = batch_norm(
        given["X"][0],
        given["Mean"][0],
        given["Variance"][0],
        _one(given, "Scale"),
        _one(given, "Bias"),
        training=training,
        momentum=attributes.get("momentum", 0.9),
        epsilon=attributes.get("epsilon", 1e-5),
        data_format=attributes.get("data_layout", "NCHW"),
    )
    return {"Y": (out,)}


def _layer_norm(given: Slots, attributes: Mapping[str, Any], _training: bool) -> Slots:
    from paddle.nn.functional import layer_norm

    images = given["X"][0]
    first = attributes.get("begin_norm_axis", 1)
    out = layer_norm(
        images,
        images.shape[first:],
        _one(given, "Scale"),
        _one(given, "Bias"),
        attributes.get("epsilon", 1e-5),
    )
    return {"Y": (out,)}


def _dropout(given: Slots, attributes: Mapping[str, Any], training: bool) -> Slots:
    from paddle.nn.functional import dropout

    implementation = attributes.get("dropout_implementation", "downgrade_in_infer")
    out = dropout(
        given["X"][0],
        attributes.get("dropout_prob", 0.5),
        training=training,
        mode="upscale_in_train" if implementation == "upscale_in_train" else "downscale_in_infer",
    )
    return {"Out": (out,)}


def _assign_value(_given: Slots, attributes: Mapping[str, Any], _training: bool) -> Slots:
    """Older and newer descriptions hold the numbers under different names."""
    from paddle import to_tensor

    names = ("values", *sorted(OLDER_NAMES["assign_value"]))
    numbers: list[Any] = next((attributes[name] for name in names if attributes.get(name)), [])
    element_type = ELEMENT_TYPES[attributes["dtype"]]
    value = np.asarray(numbers, element_type).reshape(attributes["shape"])
    return {"Out": (to_tensor(value),)}


def _concat(given: Slots, attributes: Mapping[str, Any], _training: bool) -> Slots:
    from paddle import _C_ops

    return {"Out": (_C_ops.concat(list(given["X"]), attributes.get("axis", 0)),)}


def _reshape(given: Slots, attributes: Mapping[str, Any], _training: bool) -> Slots:
    """The shape is an input, one tensor or one for each extent, or else an attribute."""
    from paddle import _C_ops

    shape = given.get("ShapeTensor") or _one(given, "Shape")
    target: Any = attributes.get("shape", []) if shape is None else shape
    return {"Out": (_C_ops.reshape(given["X"][0], target),)}


def _split(given: Slots, attributes: Mapping[str, Any], _training: bool) -> Slots:
    from paddle import _C_ops

    images, axis = given["X"][0], attributes.get("axis", 0)
    if attributes.get("num"):
        return {"Out": _C_ops.split_with_num(images, attributes["num"], axis)}
    return {"Out": _C_ops.split(images, attributes["sections"], axis)}


def _quantize_by_stored_scale(
    given: Slots, attributes: Mapping[str, Any], _training: bool
) -> Slots:
    """The stored scale is used and not updated: a saved model does not look for scales."""
    from paddle import _C_ops

    images, scale = given["X"][0], given["InScale"][0]
    own = (attributes.get("moving_rate", 0.9), attributes.get("bit_length", 8))
    out, *_ = _C_ops.fake_quantize_dequantize_moving_average_abs_max(
        images, scale, None, None, *own, True, attributes.get("round_type", 1)
    )
    return {"Out": (out,), "OutScale": (scale,)}


def _quantize_weight(given: Slots, attributes: Mapping[str, Any], _training: bool) -> Slots:
    from paddle import _C_ops

    out, scale = _C_ops.fake_quantize_dequantize_abs_max(
        given["X"][0], attributes.get("bit_length", 8), attributes.get("round_type", 1)
    )
    return {"Out": (out,), "OutScale": (scale,)}


def _quantize_channels(given: Slots, attributes: Mapping[str, Any], _training: bool) -> Slots:
    from paddle import _C_ops

    own = (attributes.get("bit_length", 8), attributes.get("round_type", 1))
    out, scale = _C_ops.fake_channel_wise_quantize_dequantize_abs_max(
        given["X"][0], *own, attributes.get("quant_axis", 0)
    )
    return {"Out": (out,), "OutScale": (scale,)}


OLDER_NAMES: Mapping[str, frozenset[str]] = {
    "assign_value": frozenset({"bool_values", "fp32_values", "int32_values", "int64_values"})
}
"""Attributes that Paddle no longer describes and still reads, by kind of operator."""

_STRIDES = {"strides": [1, 1], "paddings": [0, 0], "padding_algorithm": "EXPLICIT"}

FUNCTIONS: Mapping[str, Function] = {
    "assign_value": Function((), _assign_value),
    "batch_norm": Function(("X", "Scale", "Bias", "Mean", "Variance"), _batch_norm),
    "bicubic_interp_v2": _interpolation("bicubic"),
    "bilinear_interp_v2": _interpolation("bilinear"),
    "celu": _native("celu", ("X",), {"alpha": 1.0}),
    "concat": Function(("X",), _concat),
    "conv2d": _native(
        "conv2d",
        ("Input", "Filter"),
        {**_STRIDES, "dilations": [1, 1], "groups": 1, "data_format": "NCHW"},
        "Output",
    ),
    "depthwise_conv2d": _native(
        "depthwise_conv2d",
        ("Input", "Filter"),
        {**_STRIDES, "groups": 1, "dilations": [1, 1], "data_format": "NCHW"},
        "Output",
    ),
    "dropout": Function(("X",), _dropout),
    "fake_channel_wise_quantize_dequantize_abs_max": Function(("X",), _quantize_channels),
    "fake_quantize_dequantize_abs_max": Function(("X",), _quantize_weight),
    "fake_quantize_dequantize_moving_average_abs_max": Function(
        ("X", "InScale"), _quantize_by_stored_scale
    ),
    "flatten_contiguous_range": _native("flatten", ("X",), {"start_axis": 1, "stop_axis": 1}),
    "group_norm": _native(
        "group_norm",
        ("X", "Scale", "Bias"),
        {"epsilon": 1e-5, "groups": 1, "data_layout": "NCHW"},
        "Y",
    ),
    "hard_sigmoid": _native("hardsigmoid", ("X",), {"slope": 0.2, "offset": 0.5}),
    "instance_norm": _native("instance_norm", ("X", "Scale", "Bias"), {"epsilon": 1e-5}, "Y"),
    "layer_norm": Function(("X", "Scale", "Bias"), _layer_norm),
    "leaky_relu": _native("leaky_relu", ("X",), {"alpha": 0.02}),
    "linear_interp_v2": _interpolation("linear"),
    "matmul_v2": _native("matmul", ("X", "Y"), {"trans_x": False, "trans_y": False}),
    "nearest_interp_v2": _interpolation("nearest"),
    "pad3d": _native(
        "pad3d",
        ("X",),
        {"paddings": [0] * 6, "mode": "constant", "value": 0.0, "data_format": "NCDHW"},
    ),
    "relu": _native("relu", ("X",), {}),
    "reshape2": Function(("X", "Shape", "ShapeTensor"), _reshape),
    "sigmoid": _native("sigmoid", ("X",), {}),
    "softplus": _native("softplus", ("X",), {"beta": 1.0, "threshold": 20.0}),
    "split": Function(("X",), _split),
    "transpose2": _native("transpose", ("X",), {"axis": []}),
    "trilinear_interp_v2": _interpolation("trilinear"),
    "unbind": _native("unbind", ("X",), {"axis": 0}),
    # By unbind: the gradient of unstack ends the process if an output is not read.
    "unstack": _native("unbind", ("X",), {"axis": 0}, "Y"),
}
"""The function of each kind of operator."""
