"""Weights as the runtime has them in memory, in whatever form a file stores them.

If only weights are stored as integers, they are dequantized when a model is loaded (Paddle-Lite,
``lite/api/light_api.cc``, ``LightPredictor::DequantizeWeight``): by a scale for each index of the
first axis of a convolution's filter, and of the second axis of a matrix. It does so for some
operators only; others read the integers as floats.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.optimized_program import OperatorCall, OptimizedProgram

__all__ = ["float_weights"]

Array = np.ndarray[Any, Any]

_SUFFIX = "_quant_scale"
_BY_FIRST = {"conv2d", "depthwise_conv2d"}
_BY_SECOND = {"fc", "mul", "lookup_table"}
_LATE = {"post_weight_abs_max", "post_weight_channel_wise_abs_max"}


def float_weights(program: OptimizedProgram) -> dict[str, Array]:
    """Each weight by name, dequantized if it is stored as integers.

    Raises:
        ModelError: The runtime would read integers as floats.
    """
    weights = {name: _as_computed(value) for name, value in program.weights.items()}
    for call in program.calls:
        if not _is_stored_smaller(call):
            continue
        for names in call.inputs.values():
            for name in names:
                scales = call.attributes.get(name + _SUFFIX)
                if scales is not None and name in weights:
                    weights[name] = _dequantize(call, program.weights[name], scales)
    return weights


def _as_computed(value: Array) -> Array:
    """A weight as float32, if it is float16 or int8."""
    return value.astype(np.float32) if value.dtype.name in {"float16", "int8"} else value


def _is_stored_smaller(call: OperatorCall) -> bool:
    if "quantization_type" in call.attributes:
        return call.attributes["quantization_type"] in _LATE
    return "quantize_weight_bits" in call.attributes


def _dequantize(call: OperatorCall, stored: Array, scales: tuple[float, ...]) -> Array:
    factors = np.asarray(scales, np.float32)
    if call.kind in _BY_FIRST:
        return stored.astype(np.float32) * factors.reshape(-1, *[1] * (stored.ndim - 1))
    if call.kind in _BY_SECOND:
        shape = (1, -1) if stored.ndim > 1 else (-1,)
        return stored.astype(np.float32) * factors.reshape(*shape, *[1] * (stored.ndim - 2))
    raise ModelError(
        f"{call.kind} has a weight stored as integers, which Paddle-Lite reads as floats"
    )
