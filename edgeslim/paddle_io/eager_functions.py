"""Operators that are run in dynamic mode by today's functions and not by their old ones.

These are the ones that do otherwise while a network is trained, and those whose old functions
do not run any more: Paddle's newer kernels want attributes in 64 bits that the old functions
hand over in 32, or they end the process where an input is left out, or they have no
gradient where an output is not read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from edgeslim.ops import ELEMENT_TYPES

__all__ = ["FUNCTIONS", "OLDER_NAMES", "Compute", "Slots"]

Slots = Mapping[str, Sequence[Any]]
"""Tensors by slot."""

Compute = Callable[[Slots, Mapping[str, Any], bool], Slots]
"""From inputs, attributes and whether the network is training, to outputs."""


def _one(given: Slots, slot: str) -> Any:  # noqa: ANN401 - a Tensor or None
    return given[slot][0] if slot in given else None


def _native(
    name: str, slots: Sequence[str], attributes: Mapping[str, Any], output: str = "Out"
) -> Compute:
    """A function of ``paddle._C_ops``.

    Args:
        name: What it is called.
        slots: Inputs in the order of its parameters; one that is not given is None.
        attributes: Those that follow, with what they are where they are not given.
        output: The slot of what it returns.
    """

    def compute(given: Slots, own: Mapping[str, Any], _training: bool) -> Slots:
        from paddle import _C_ops

        inputs = [_one(given, slot) for slot in slots]
        values = [own.get(each, default) for each, default in attributes.items()]
        result = getattr(_C_ops, name)(*inputs, *values)
        return {output: result if isinstance(result, list) else (result,)}

    return compute


def _interpolation(name: str) -> Compute:
    def compute(given: Slots, own: Mapping[str, Any], training: bool) -> Slots:
        sized = (
            given if "SizeTensor" not in given else {**given, "SizeTensor": [given["SizeTensor"]]}
        )
        return native(sized, own, training)

    native = _native(
        f"{name}_interp",
        ("X", "OutSize", "SizeTensor", "Scale"),
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
    return compute


def _batch_norm(given: Slots, attributes: Mapping[str, Any], training: bool) -> Slots:
    """With the batch's statistics while training, when the moving ones follow it in place."""
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
    """Older and newer descriptions keep the numbers under different names."""
    from paddle import to_tensor

    names = ("values", *sorted(OLDER_NAMES["assign_value"]))
    numbers: list[Any] = next((attributes[name] for name in names if attributes.get(name)), [])
    element_type = ELEMENT_TYPES[attributes["dtype"]]
    value = np.asarray(numbers, element_type).reshape(attributes["shape"])
    return {"Out": (to_tensor(value),)}


OLDER_NAMES: Mapping[str, frozenset[str]] = {
    "assign_value": frozenset({"bool_values", "fp32_values", "int32_values", "int64_values"})
}
"""Attributes that Paddle itself describes no more and still reads, by kind of operator."""

FUNCTIONS: Mapping[str, Compute] = {
    "assign_value": _assign_value,
    "batch_norm": _batch_norm,
    "bicubic_interp_v2": _interpolation("bicubic"),
    "bilinear_interp_v2": _interpolation("bilinear"),
    "celu": _native("celu", ("X",), {"alpha": 1.0}),
    "dropout": _dropout,
    "group_norm": _native(
        "group_norm",
        ("X", "Scale", "Bias"),
        {"epsilon": 1e-5, "groups": 1, "data_layout": "NCHW"},
        "Y",
    ),
    "instance_norm": _native("instance_norm", ("X", "Scale", "Bias"), {"epsilon": 1e-5}, "Y"),
    "layer_norm": _layer_norm,
    "leaky_relu": _native("leaky_relu", ("X",), {"alpha": 0.02}),
    "linear_interp_v2": _interpolation("linear"),
    "nearest_interp_v2": _interpolation("nearest"),
    "pad3d": _native(
        "pad3d",
        ("X",),
        {"paddings": [0] * 6, "mode": "constant", "value": 0.0, "data_format": "NCDHW"},
    ),
    "softplus": _native("softplus", ("X",), {"beta": 1.0, "threshold": 20.0}),
    "trilinear_interp_v2": _interpolation("trilinear"),
    "unbind": _native("unbind", ("X",), {"axis": 0}),
    "unstack": _native("unbind", ("X",), {"axis": 0}, "Y"),
}
"""By kind of operator."""
