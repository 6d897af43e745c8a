"""A whole optimized program, computed operator by operator in Paddle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.optimized_program import OperatorCall, OptimizedProgram
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.modes import dynamic_mode
from edgeslim.paddle_io.optimized_operators._convolutions import (
    convolution,
    transposed_convolution,
)
from edgeslim.paddle_io.optimized_operators._elementwise import BINARY, elementwise, scaling
from edgeslim.paddle_io.optimized_operators._int8 import calibration
from edgeslim.paddle_io.optimized_operators._matrices import full_connection, product
from edgeslim.paddle_io.optimized_operators._meaning import Meaning
from edgeslim.paddle_io.optimized_operators._moving import copy, padding, shuffled_channels
from edgeslim.paddle_io.optimized_operators._plain import plain_operator
from edgeslim.paddle_io.optimized_operators._pooling import pooling
from edgeslim.paddle_io.optimized_operators._weights import float_weights

__all__ = ["OptimizedNet", "Watch", "without_meaning"]

Array = np.ndarray[Any, Any]

Watch = Callable[[int, OperatorCall, Mapping[str, Array]], None]
"""Takes the number of an operator, it, and its outputs by name."""

_MEANINGS: Mapping[str, Callable[[OperatorCall], Meaning]] = {
    **dict.fromkeys(("conv2d", "depthwise_conv2d", "conv3d"), convolution),
    **dict.fromkeys(("conv2d_transpose", "depthwise_conv2d_transpose"), transposed_convolution),
    **dict.fromkeys(BINARY, elementwise),
    **dict.fromkeys((f"fusion_{kind}_activation" for kind in BINARY), elementwise),
    **dict.fromkeys(("calib", "calib_once", "calib_inplace"), calibration),
    **dict.fromkeys(("io_copy", "io_copy_once", "layout", "layout_once"), copy),
    "fc": full_connection,
    "mul": product,
    "pad2d": padding,
    "pool2d": pooling,
    "scale": scaling,
    "shuffle_channel": shuffled_channels,
}
"""By kind of operator; what is not here means the same as in Paddle."""


def _meaning(call: OperatorCall) -> Meaning:
    return _MEANINGS.get(call.kind, plain_operator)(call)


def without_meaning(program: OptimizedProgram) -> tuple[str, ...]:
    """Operators that cannot be computed here, each told once."""
    load_paddle()
    told = map(_unknown, program.calls)
    return tuple(dict.fromkeys(each for each in told if each))


def _unknown(call: OperatorCall) -> str:
    """What there is to say if it has no meaning here; nothing if it has."""
    try:
        _meaning(call)
    except ModelError as error:
        return str(error)
    return ""


class OptimizedNet:
    """A program that can be run on inputs.

    Args:
        program: It.

    Raises:
        ModelError: An operator has no meaning here; see `without_meaning`.
    """

    def __init__(self, program: OptimizedProgram) -> None:
        paddle = load_paddle()
        self._program = program
        self._steps = [(call, _meaning(call)) for call in program.calls]
        weights = float_weights(program)
        with dynamic_mode():
            self._weights = {name: paddle.to_tensor(value) for name, value in weights.items()}

    def run(self, inputs: Mapping[str, Array], watch: Watch | None = None) -> list[Array]:
        """Its outputs in order.

        Args:
            inputs: By name; what the optimizer has called otherwise by its place.
            watch: Shown the outputs of each operator when it is done.

        Raises:
            ModelError: Paddle refuses what an operator is given.
        """
        paddle = load_paddle()
        with dynamic_mode(), paddle.no_grad():
            given = {name: paddle.to_tensor(value) for name, value in inputs.items()}
            for name, fed in zip(self._program.feeds, list(given.values()), strict=False):
                given.setdefault(name, fed)
            tensors = {**self._weights, **given}
            for number, (call, meaning) in enumerate(self._steps):
                written = _run(call, meaning, tensors)
                tensors.update(written)
                if watch is not None:
                    watch(number, call, {k: v.numpy() for k, v in written.items()})
            return [tensors[name].numpy() for name in self._program.fetches]


def _run(call: OperatorCall, meaning: Meaning, tensors: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of one operator by name; those that it only has for others are left out."""
    try:
        given = {slot: [tensors[name] for name in names] for slot, names in call.inputs.items()}
        result = meaning(given)
    except ModelError:
        raise
    except Exception as error:
        # Paddle raises plain errors of many kinds from its native code.
        reason = (str(error).strip().splitlines() or [repr(error)])[-1].strip(" '\"")
        raise ModelError(f"{call.kind} cannot be computed: {reason}") from error
    return {
        name: value
        for slot, names in call.outputs.items()
        for name, value in zip(names, _of(result, slot), strict=False)
        if hasattr(value, "numpy")
    }


def _of(result: Mapping[str, Sequence[Any]], slot: str) -> Sequence[Any]:
    return result.get(slot, ())
