"""Fake quantization: rounds tensors to integers and back, with gradients."""

from __future__ import annotations

from typing import Any

from paddle import Tensor, _C_ops
from paddle.autograd import PyLayer

__all__ = ["round_activation", "round_weight"]

# These are the functions that run a saved program, so that both compute the same to the bit.

_HALF_AWAY_FROM_ZERO = 1
_UNUSED_RATE = 0.9


class _ClipAndRound(PyLayer):  # type: ignore[misc]
    """Gradients ignore the rounding, and are zero for what is clipped.

    "Straight-through estimator" (Bengio, Leonard & Courville, 2013,
    https://arxiv.org/abs/1308.3432); clipped values have no gradient (Jacob et al., 2018,
    "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
    Inference", https://arxiv.org/abs/1712.05877).
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor, scale: Tensor, bits: int) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(values, scale)
        return _round(values, scale, bits)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401
        values, scale = ctx.saved_tensor()
        return gradient * (values.abs() <= scale).astype(gradient.dtype), None


def _round(values: Tensor, scale: Tensor, bits: int) -> Tensor:
    out, *_ = _C_ops.fake_quantize_dequantize_moving_average_abs_max(
        values, scale, None, None, _UNUSED_RATE, bits, True, _HALF_AWAY_FROM_ZERO
    )
    return out


def round_activation(values: Tensor, scale: Tensor, bits: int) -> Tensor:
    """Rounds an activation of any shape by a scale ``(1,)``."""
    if values.stop_gradient:
        return _round(values, scale, bits)
    return _ClipAndRound.apply(values, scale, bits)


def round_weight(weight: Tensor, bits: int, axis: int | None) -> Tensor:
    """Rounds a weight by its largest magnitude, or by that of each index of an axis.

    Nothing is clipped, so gradients pass unchanged.
    """
    if axis is None:
        out, _ = _C_ops.fake_quantize_dequantize_abs_max(weight, bits, _HALF_AWAY_FROM_ZERO)
    else:
        out, _ = _C_ops.fake_channel_wise_quantize_dequantize_abs_max(
            weight, bits, _HALF_AWAY_FROM_ZERO, axis
        )
    return out
