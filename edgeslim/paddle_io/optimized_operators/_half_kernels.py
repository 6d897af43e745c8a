"""What Arm's fp16 kernels compute, rounded as they round.

Kernels that only move values, and all that compute in floats of 32 bits, stay as they are: the
optimizer puts a ``calib`` between them and those of halves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.optimized_operators._half_means import pooling
from edgeslim.paddle_io.optimized_operators._half_sums import (
    convolution,
    full_connection,
    matrix_product,
    transposed_convolution,
)
from edgeslim.paddle_io.optimized_operators._halves import HalfSum, half, rounded
from edgeslim.paddle_io.optimized_operators._meaning import Meaning, Slots, attribute, only

__all__ = ["half_meaning", "is_half", "reads_halves"]

_HALVES = "5"
"""The number of their precision in the names of kernels."""

_STEPS: Mapping[str, int] = {
    "bilinear_interp": 4,
    "bilinear_interp_v2": 4,
    "box_coder": 4,
    "elementwise_add": 0,
    "elementwise_div": 0,
    "elementwise_mul": 0,
    "elementwise_sub": 0,
    "fusion_elementwise_add_activation": 0,
    "fusion_elementwise_div_activation": 0,
    "fusion_elementwise_mul_activation": 0,
    "fusion_elementwise_sub_activation": 0,
    "hard_sigmoid": 2,
    "hard_swish": 3,
    "nearest_interp": 0,
    "nearest_interp_v2": 0,
    "pad2d": 0,
    "prelu": 0,
    "prior_box": 0,
    "relu": 0,
    "scale": 0,
    "shuffle_channel": 0,
    "sigmoid": 3,
    "split": 0,
    "swish": 3,
    "yolo_box": 4,
}
"""Formulas element by element, by how often they round besides at their end."""

_OTHER_STEPS = 1000
"""Of operators of which nobody here knows how they round: those of a large product."""

_GROWING = 3
"""A sum of numbers that are alike is a third of its square, on the average, while it grows."""


def is_half(call: OperatorCall) -> bool:
    """Whether a kernel of 16-bit floats runs it."""
    parts = call.kernel.split("/")
    return len(parts) > 3 and parts[3] == _HALVES


def reads_halves(call: OperatorCall, slot: str) -> bool:
    """Whether a kernel takes a weight for 16-bit floats; batch norms take theirs as they are."""
    return is_half(call) and (call.kind != "batch_norm" or slot == "X")


def half_meaning(call: OperatorCall, exact: Meaning, draw: np.random.Generator) -> Meaning:
    """The meaning of an operator in halves.

    Args:
        call: The operator.
        exact: What it means in real numbers.
        draw: What roundings are drawn from.
    """
    if call.kind in {"calib", "calib_once", "calib_inplace"}:
        return _everywhere(exact, 0, draw) if "to_fp16" in call.kernel else exact
    if not is_half(call):
        return exact
    if call.kind in _OWN:
        return _OWN[call.kind](call, exact, draw)
    return _everywhere(exact, _STEPS.get(call.kind, _OTHER_STEPS), draw)


def _everywhere(exact: Meaning, steps: int, draw: np.random.Generator) -> Meaning:
    """With all floats that come out rounded."""

    def compute(given: Slots) -> Slots:
        from paddle import to_tensor

        return {
            slot: [
                to_tensor(rounded(each.numpy(), steps, draw))
                if hasattr(each, "numpy") and each.dtype.name == "FP32"
                else each
                for each in results
            ]
            for slot, results in exact(given).items()
        }

    return compute


def _tanh(_call: OperatorCall, _exact: Meaning, _draw: np.random.Generator) -> Meaning:
    """Made of exponentials, which are infinite beyond 11."""

    def compute(given: Slots) -> Slots:
        from paddle import to_tensor

        values = only(given, "X").numpy()
        up, down = half(np.exp(values)), half(np.exp(-values))
        result = half(half(up - down) / half(up + down))
        return {"Out": (to_tensor(result),)}

    return compute


def _softmax(call: OperatorCall, _exact: Meaning, draw: np.random.Generator) -> Meaning:
    axis = attribute(call, "axis")

    def compute(given: Slots) -> Slots:
        from paddle import to_tensor

        values = only(given, "X").numpy()
        powers = half(np.exp(half(values - values.max(axis, keepdims=True))))
        added = powers.sum(axis, keepdims=True)
        start = np.zeros((), np.float32)
        total = HalfSum(start, draw).added(added, values.shape[axis], lanes=_GROWING).total
        return {"Out": (to_tensor(half(powers * half(1 / total))),)}

    return compute


def _batch_norm(call: OperatorCall, _exact: Meaning, _draw: np.random.Generator) -> Meaning:
    """A factor and an offset for each channel, which are halves."""
    epsilon = float(attribute(call, "epsilon"))

    def compute(given: Slots) -> Slots:
        from paddle import to_tensor

        images, scale, bias, mean, variance = (
            only(given, slot).numpy() for slot in ("X", "Scale", "Bias", "Mean", "Variance")
        )
        factor = scale / np.sqrt(variance + epsilon)
        offset = half(bias - factor * mean)
        shape = [1, -1, *[1] * (images.ndim - 2)]
        result = half(images * half(factor).reshape(shape) + offset.reshape(shape))
        return {"Y": (to_tensor(result),)}

    return compute


def _sums(
    make: Callable[[OperatorCall, np.random.Generator], Meaning],
) -> Callable[[OperatorCall, Meaning, np.random.Generator], Meaning]:
    return lambda call, _exact, draw: make(call, draw)


_OWN: Mapping[str, Callable[[OperatorCall, Meaning, np.random.Generator], Meaning]] = {
    **dict.fromkeys(("conv2d", "depthwise_conv2d"), _sums(convolution)),
    **dict.fromkeys(
        ("conv2d_transpose", "depthwise_conv2d_transpose"), _sums(transposed_convolution)
    ),
    **dict.fromkeys(("mul", "matmul", "matmul_v2"), _sums(matrix_product)),
    "batch_norm": _batch_norm,
    "fc": _sums(full_connection),
    "pool2d": pooling,
    "softmax": _softmax,
    "tanh": _tanh,
}
"""Operators whose kernels are computed otherwise than their meaning."""
