"""The meanings of Arm's fp16 kernels, with their rounding.

Kernels that only move values, and fp32 kernels, have their exact meaning: the optimizer puts a
``calib`` between those and fp16 kernels.
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
from edgeslim.paddle_io.optimized_operators._halves import HalfSum, round_steps, to_half
from edgeslim.paddle_io.optimized_operators._meaning import Meaning, Slots, attribute, single

__all__ = ["half_meaning", "is_half", "reads_halves"]

_FP16 = "5"
"""The number of the precision in the names of fp16 kernels."""

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
"""Elementwise kernels, with the number of roundings before the last one."""

_OTHER_STEPS = 1000
"""The number of roundings that is assumed for other operators, as in a large product."""

_GROWING = 3
"""While a sum of equal terms grows, the mean of its squares is a third of its final square."""


def is_half(call: OperatorCall) -> bool:
    """Whether an fp16 kernel runs the operator."""
    parts = call.kernel.split("/")
    return len(parts) > 3 and parts[3] == _FP16


def reads_halves(call: OperatorCall, slot: str) -> bool:
    """Whether a kernel reads a slot's tensor as halves; batch norms read weights as fp32."""
    return is_half(call) and (call.kind != "batch_norm" or slot == "X")


def half_meaning(call: OperatorCall, exact: Meaning, draw: np.random.Generator) -> Meaning:
    """The meaning of an operator with the rounding of its fp16 kernel.

    Args:
        call: The operator whose meaning is wanted.
        exact: The meaning of the operator without rounding.
        draw: The generator from which roundings are drawn.
    """
    if call.kind in {"calib", "calib_once", "calib_inplace"}:
        return _round_results(exact, 0, draw) if "to_fp16" in call.kernel else exact
    if not is_half(call):
        return exact
    if call.kind in _OWN:
        return _OWN[call.kind](call, exact, draw)
    return _round_results(exact, _STEPS.get(call.kind, _OTHER_STEPS), draw)


def _round_results(exact: Meaning, steps: int, draw: np.random.Generator) -> Meaning:
    """A meaning with all float results rounded."""

    def compute(given: Slots) -> Slots:
        from paddle import to_tensor

        return {
            slot: [
                to_tensor(round_steps(result.numpy(), steps, draw))
                if hasattr(result, "numpy") and result.dtype.name == "FP32"
                else result
                for result in results
            ]
            for slot, results in exact(given).items()
        }

    return compute


def _tanh(_call: OperatorCall, _exact: Meaning, _draw: np.random.Generator) -> Meaning:
    """Computed from exponentials, which are infinite beyond 11."""

    def compute(given: Slots) -> Slots:
        from paddle import to_tensor

        values = single(given, "X").numpy()
        up, down = to_half(np.exp(values)), to_half(np.exp(-values))
        result = to_half(to_half(up - down) / to_half(up + down))
        return {"Out": (to_tensor(result),)}

    return compute


def _softmax(call: OperatorCall, _exact: Meaning, draw: np.random.Generator) -> Meaning:
    axis = attribute(call, "axis")

    def compute(given: Slots) -> Slots:
        from paddle import to_tensor

        values = single(given, "X").numpy()
        powers = to_half(np.exp(to_half(values - values.max(axis, keepdims=True))))
        add = powers.sum(axis, keepdims=True)
        start = np.zeros((), np.float32)
        total = HalfSum(start, draw).add(add, values.shape[axis], lanes=_GROWING).total
        return {"Out": (to_tensor(to_half(powers * to_half(1 / total))),)}

    return compute


def _batch_norm(call: OperatorCall, _exact: Meaning, _draw: np.random.Generator) -> Meaning:
    """Computed with a factor and an offset for each channel, which are halves."""
    epsilon = float(attribute(call, "epsilon"))

    def compute(given: Slots) -> Slots:
        from paddle import to_tensor

        images, scale, bias, mean, variance = (
            single(given, slot).numpy() for slot in ("X", "Scale", "Bias", "Mean", "Variance")
        )
        factor = scale / np.sqrt(variance + epsilon)
        offset = to_half(bias - factor * mean)
        shape = [1, -1, *[1] * (images.ndim - 2)]
        result = to_half(images * to_half(factor).reshape(shape) + offset.reshape(shape))
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
"""Operators whose fp16 kernels compute in another way than the exact meaning."""
