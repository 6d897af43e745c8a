"""What an int8 model for ``arm`` computes, by its own weights and scales, in whole numbers.

No such processor is at hand. The optimizer can write what it writes into the ``.nb`` file as a
program as well, kernels and all; this runs its operators one by one as their kernels are
described (Paddle-Lite, ``lite/kernels/arm``): products of 8 bits summed up in 32, multiplied
by the scales of activation and weight, a bias and an activation in floats, and rounded where
the output is int8.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F  # noqa: N812 - the name that everybody uses

from edgeslim.paddle_io.parameters import read_parameters
from edgeslim.paddle_io.program_graph import feed_shapes, fetch_names
from edgeslim.paddle_io.proto import attribute_value, read_program

__all__ = ["Kernels", "run_integers"]

Kernels = list[str]
"""Names of the kernels that ran, in order."""


def run_integers(program: Path, images: Any) -> tuple[list[Any], Kernels]:
    """The outputs for images ``(N, C, H, W)``, and what computed them."""
    described = read_program(program)
    tensors: dict[str, Any] = dict(read_parameters(program.with_name("params"), described))
    (name,) = feed_shapes(described)
    tensors[name] = images.astype(np.float64)
    kernels = []
    for op in described.blocks[0].ops:
        own = {each.name: attribute_value(each) for each in op.attrs}
        reads = {slot.parameter: list(slot.arguments) for slot in op.inputs if slot.arguments}
        if op.type in {"feed", "fetch"}:
            continue
        kernels.append(own["__@kernel_type_attr@__"].rsplit("/", 3)[0])
        given = {slot: tensors[names[0]] for slot, names in reads.items()}
        if op.type == "concat":
            given = {"X": [tensors[name] for name in reads["X"]]}
        result = next(slot.arguments[0] for slot in op.outputs if slot.arguments)
        tensors[result] = _OPERATORS[op.type](given, own, kernels[-1])
    return [tensors[name] for name in fetch_names(described)], kernels


def _to_int8(values: Any, scale: float) -> Any:
    whole = np.trunc(values / scale + np.copysign(0.5, values))  # half away from zero
    return np.clip(whole, -127, 127).astype(np.int8)


def _calib(given: Any, own: Any, kernel: str) -> Any:
    if kernel == "calib/fp32_to_int8":
        return _to_int8(given["Input"], own["scale"])
    return given["Input"].astype(np.float64) * own["scale"]


def _convolution(given: Any, own: Any, kernel: str) -> Any:
    quantized = own.get("enable_int8", False)
    weight, images = given["Filter"], given["Input"]
    assert (weight.dtype == np.int8) is quantized
    assert (images.dtype == np.int8) is quantized
    sums = F.conv2d(
        paddle.to_tensor(images.astype(np.float64)),
        paddle.to_tensor(weight.astype(np.float64)),
        stride=own["strides"],
        padding=own["paddings"],
        dilation=own["dilations"],
        groups=own["groups"],
    ).numpy()
    if quantized:
        sums = sums * own["Input0_scale"][0] * _by_channel(own["Filter0_scale"])
    return _finished(sums + _by_channel(given.get("Bias", 0.0)), own, kernel)


def _by_channel(values: Any) -> Any:
    return np.asarray(values).reshape(1, -1, 1, 1)


def _product(given: Any, own: Any, kernel: str) -> Any:
    slots = ("Input", "W") if "W" in given else ("X", "Y")
    images, weight = (given[slot] for slot in slots)
    images = images.reshape(images.shape[0], -1)
    sums = images.astype(np.float64) @ weight.astype(np.float64)
    if own.get("enable_int8", False):
        sums = sums * own[f"{slots[0]}0_scale"][0] * np.asarray(own[f"{slots[1]}0_scale"])
    return _finished(sums + given.get("Bias", 0.0), own, kernel)


def _finished(values: Any, own: Any, kernel: str) -> Any:
    found = _activated(values, own)
    return _to_int8(found, own["Output0_scale"][0]) if "int8_out" in kernel else found


def _activated(values: Any, own: Any) -> Any:
    kind = own.get("act_type") if own.get("with_act") else own.get("activation_type")
    kind = kind or ("relu" if own.get("fuse_relu") else "")
    functions = {
        "": lambda x: x,
        "relu": lambda x: np.maximum(x, 0),
        "relu6": lambda x: np.clip(x, 0, 6),
        "leaky_relu": lambda x: np.where(x > 0, x, x * own.get("leaky_relu_alpha", 0)),
        "hard_swish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    }
    return functions[kind](values)


def _pool(given: Any, own: Any, _kernel: str) -> Any:
    images = given["X"]
    if own["global_pooling"] or own["ksize"] == [1, 1]:
        assert own["pooling_type"] == "avg"
        return images.mean(axis=(2, 3), keepdims=True)
    pool = {"max": F.max_pool2d, "avg": F.avg_pool2d}[own["pooling_type"]]
    return pool(paddle.to_tensor(images), own["ksize"], own["strides"], own["paddings"]).numpy()


def _sum(given: Any, own: Any, _kernel: str) -> Any:
    x, y = given["X"], given["Y"]
    axis = own.get("axis", -1)
    if axis >= 0 and y.ndim < x.ndim:
        y = y.reshape(*y.shape, *(1,) * (x.ndim - axis - y.ndim))
    return _activated(x + y, {"activation_type": own.get("act_type", "")})


_OPERATORS: dict[str, Any] = {
    "calib": _calib,
    "concat": lambda given, own, _: np.concatenate(given["X"], axis=own["axis"]),
    "conv2d": _convolution,
    "depthwise_conv2d": _convolution,
    "elementwise_add": _sum,
    "elementwise_mul": lambda given, _own, _: given["X"] * given["Y"],
    "fc": _product,
    "flatten_contiguous_range": lambda given, _own, _: given["X"].reshape(len(given["X"]), -1),
    "fusion_elementwise_add_activation": _sum,
    "hard_swish": lambda given, _own, _: _activated(given["X"], {"activation_type": "hard_swish"}),
    "leaky_relu": lambda given, own, _: np.where(given["X"] > 0, 1, own["alpha"]) * given["X"],
    "matmul_v2": _product,
    "pool2d": _pool,
    "reshape2": lambda given, _own, _: given["X"].reshape(len(given["X"]), -1),
}
