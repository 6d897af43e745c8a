"""Quantization to 8 bits and back, inside operators and between them.

An int8 tensor ``q`` stands for ``q * scale``. Between two kernels it is held here as whole
numbers in float32; their sums are exact to seven digits, as the 32 bits of a kernel. Kernels round
halves away from zero and clip to -127 and 127 (Paddle-Lite,
``lite/backends/arm/math/type_trans.cc``, ``saturate.h``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.optimized_operators._meaning import (
    Meaning,
    Slots,
    attribute,
    is_int8,
    single,
)

__all__ = ["Int8Scales", "calibration", "int8_scales", "quantize"]

_LARGEST = 127.0


@dataclass(frozen=True, slots=True)
class Int8Scales:
    """The scales of an operator with an int8 kernel.

    Args:
        inputs: The scale of its input.
        weights: The scale of its weights: one, or one for each output channel.
        outputs: The scale of its output; None if the output is float.
    """

    inputs: float
    weights: Sequence[float]
    outputs: float | None

    def dequantize(self, sums: Any, *, axis: int) -> Any:  # noqa: ANN401 - a Tensor
        """Floats from sums of products, with channels along an axis."""
        from paddle import to_tensor

        scales = to_tensor([self.inputs * weight for weight in self.weights], dtype="float32")
        shape = [1] * sums.ndim
        shape[axis] = len(self.weights)
        return sums * scales.reshape(shape)

    def quantize(self, result: Any) -> Any:  # noqa: ANN401 - a Tensor
        """The result in the form that the next kernel reads."""
        return result if self.outputs is None else quantize(result, self.outputs)


def int8_scales(call: OperatorCall, weights: str, outputs: str) -> Int8Scales | None:
    """The scales of an operator, by the names of their attributes; None for a float kernel.

    Raises:
        ModelError: A scale is missing.
    """
    if not is_int8(call):
        return None
    alias = call.kernel.split("/")[1]
    output = attribute(call, outputs)[0] if "int8_out" in alias or alias == "int8out" else None
    return Int8Scales(attribute(call, "Input0_scale")[0], attribute(call, weights), output)


def quantize(images: Any, scale: float) -> Any:  # noqa: ANN401 - a Tensor
    """Whole numbers of 8 bits from floats, by a scale."""
    scaled = images / scale
    return (scaled.sign() * (scaled.abs() + 0.5).floor()).clip(-_LARGEST, _LARGEST)


def calibration(call: OperatorCall) -> Meaning:
    """``calib``: conversion between the types that the name of its kernel says."""
    alias = call.kernel.split("/")[1] if call.kernel.count("/") else ""
    source, _, target = alias.partition("_to_")
    scale = float(call.attributes.get("scale", 1.0))
    # Halves are held as float32 (`_halves`).
    casts = {"int32": "int32", "int64": "int64", "fp32": "float32", "fp16": "float32"}

    def compute(given: Slots) -> Slots:
        images = single(given, "Input")
        if target.startswith("int8"):
            return {"Out": (quantize(images.astype("float32"), scale),)}
        if source == "int8":
            return {"Out": (images * scale,)}
        for name, kind in casts.items():
            if target.startswith(name):
                return {"Out": (images.astype(kind),)}
        raise ModelError(f"{call.kind} has a kernel {alias!r} whose meaning is not known")

    return compute
