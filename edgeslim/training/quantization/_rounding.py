"""Rounding to whole numbers and back, through which gradients find their way."""

from __future__ import annotations

from typing import Any

from paddle import Tensor, _C_ops
from paddle.autograd import PyLayer

__all__ = ["rounded_activation", "rounded_weight"]

# The functions are those that run a saved program, so that both compute the same to the bit.

_HALF_AWAY_FROM_ZERO = 1
_UNUSED_RATE = 0.9


class _HeldAndRounded(PyLayer):  # type: ignore[misc]
    """Rounding is passed through by gradients as if it were nothing, and a limit as it is.

    "Straight-through estimator" (Bengio, Leonard & Courville, 2013,
    https://arxiv.org/abs/1308.3432); what is cut off has no gradient (Jacob et al., 2018,
    "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
    Inference", https://arxiv.org/abs/1712.05877).
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor, scale: Tensor, bits: int) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(values, scale)
        return _rounded(values, scale, bits)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401
        values, scale = ctx.saved_tensor()
        return gradient * (values.abs() <= scale).astype(gradient.dtype), None


def _rounded(values: Tensor, scale: Tensor, bits: int) -> Tensor:
    out, *_ = _C_ops.fake_quantize_dequantize_moving_average_abs_max(
        values, scale, None, None, _UNUSED_RATE, bits, True, _HALF_AWAY_FROM_ZERO
    )
    return out


def rounded_activation(values: Tensor, scale: Tensor, bits: int) -> Tensor:
    """An activation of any shape, rounded by a scale ``(1,)``."""
    if values.stop_gradient:
        return _rounded(values, scale, bits)
    return _HeldAndRounded.apply(values, scale, bits)


def rounded_weight(weight: Tensor, bits: int, axis: int | None) -> Tensor:
    """A weight rounded by its largest magnitude, or by that of each index of an axis.

    Nothing is cut off, so gradients pass as they are.
    """
    if axis is None:
        out, _ = _C_ops.fake_quantize_dequantize_abs_max(weight, bits, _HALF_AWAY_FROM_ZERO)
    else:
        out, _ = _C_ops.fake_channel_wise_quantize_dequantize_abs_max(
            weight, bits, _HALF_AWAY_FROM_ZERO, axis
        )
    return out
