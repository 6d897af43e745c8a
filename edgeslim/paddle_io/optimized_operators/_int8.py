"""Rounding to 8 bits and back, as it is inside of operators and between them.

A tensor ``q`` of 8 bits stands for ``q * scale``. Between two kernels it is held as whole
numbers in floats here; sums of them are as exact as the 32 bits that a kernel sums in, to seven
digits. Kernels round half away from zero and keep -127 to 127 (Paddle-Lite,
``lite/backends/arm/math/type_trans.cc``, ``saturate.h``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.optimized_operators._meaning import Meaning, Slots, attribute, is_int8, only

__all__ = ["Rounding", "calibration", "rounded", "rounding"]

_LARGEST = 127.0


@dataclass(frozen=True, slots=True)
class Rounding:
    """The scales of an operator with an 8-bit kernel.

    Args:
        inputs: Scale of its input.
        weights: Scale of its weights, one or one for each output channel.
        outputs: Scale of its output; None if that is floats.
    """

    inputs: float
    weights: Sequence[float]
    outputs: float | None

    def restored(self, sums: Any, *, axis: int) -> Any:  # noqa: ANN401 - a Tensor
        """Sums of products as floats, of channels along an axis."""
        from paddle import to_tensor

        scales = to_tensor([self.inputs * each for each in self.weights], dtype="float32")
        shape = [1] * sums.ndim
        shape[axis] = len(self.weights)
        return sums * scales.reshape(shape)

    def rounded(self, result: Any) -> Any:  # noqa: ANN401 - a Tensor
        """The result as the next kernel reads it."""
        return result if self.outputs is None else rounded(result, self.outputs)


def rounding(call: OperatorCall, weights: str, outputs: str) -> Rounding | None:
    """The scales of an operator, by the names of their attributes; None of a float kernel.

    Raises:
        ModelError: A scale is missing.
    """
    if not is_int8(call):
        return None
    alias = call.kernel.split("/")[1]
    output = attribute(call, outputs)[0] if "int8_out" in alias or alias == "int8out" else None
    return Rounding(attribute(call, "Input0_scale")[0], attribute(call, weights), output)


def rounded(images: Any, scale: float) -> Any:  # noqa: ANN401 - a Tensor
    """Floats to whole numbers of 8 bits."""
    scaled = images / scale
    return (scaled.sign() * (scaled.abs() + 0.5).floor()).clip(-_LARGEST, _LARGEST)


def calibration(call: OperatorCall) -> Meaning:
    """``calib``: from one type to another, which only the name of its kernel says."""
    alias = call.kernel.split("/")[1] if call.kernel.count("/") else ""
    source, _, target = alias.partition("_to_")
    scale = float(call.attributes.get("scale", 1.0))
    # Halves are computed with as floats of 32 bits, which hold them (`_halves`).
    casts = {"int32": "int32", "int64": "int64", "fp32": "float32", "fp16": "float32"}

    def compute(given: Slots) -> Slots:
        images = only(given, "Input")
        if target.startswith("int8"):
            return {"Out": (rounded(images.astype("float32"), scale),)}
        if source == "int8":
            return {"Out": (images * scale,)}
        for name, kind in casts.items():
            if target.startswith(name):
                return {"Out": (images.astype(kind),)}
        raise ModelError(f"{call.kind} has a kernel {alias!r}, of which no meaning is known")

    return compute
