"""A whole optimized program, computed operator by operator in Paddle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
from edgeslim.paddle_io.optimized_operators._half_kernels import half_meaning, reads_halves
from edgeslim.paddle_io.optimized_operators._halves import half
from edgeslim.paddle_io.optimized_operators._int8 import calibration
from edgeslim.paddle_io.optimized_operators._matrices import full_connection, product
from edgeslim.paddle_io.optimized_operators._meaning import Meaning
from edgeslim.paddle_io.optimized_operators._moving import copy, padding, shuffled_channels
from edgeslim.paddle_io.optimized_operators._plain import plain_operator
from edgeslim.paddle_io.optimized_operators._pooling import pooling
from edgeslim.paddle_io.optimized_operators._weights import float_weights

__all__ = ["OptimizedNet", "Walk", "Watch", "without_meaning"]

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
        halves: Whether kernels of 16-bit floats round as they do on Arm, with one thread; else
            they compute in floats of 32 bits, and nothing but their meaning is told.

    Raises:
        ModelError: An operator has no meaning here; see `without_meaning`.
    """

    def __init__(self, program: OptimizedProgram, *, halves: bool = False) -> None:
        paddle = load_paddle()
        self._program = program
        self._steps = [(call, _meaning(call)) for call in program.calls]
        weights = float_weights(program)
        if halves:
            draw = np.random.default_rng(0)
            self._steps = [(call, half_meaning(call, exact, draw)) for call, exact in self._steps]
            weights = _with_halves(program, weights)
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
            walk = self.walk(inputs)
            for number, call, written in walk:
                if watch is not None:
                    watch(number, call, {k: v.numpy() for k, v in written.items()})
            return walk.outputs()

    def walk(self, inputs: Mapping[str, Array]) -> Walk:
        """The same operator by operator, in dynamic mode and without gradients."""
        paddle = load_paddle()
        given = {name: paddle.to_tensor(value) for name, value in inputs.items()}
        for name, fed in zip(self._program.feeds, list(given.values()), strict=False):
            given.setdefault(name, fed)
        return Walk(self._steps, {**self._weights, **given}, self._program.fetches)


class Walk:
    """One run of a program, to be gone through once.

    Args:
        steps: Its operators and their meanings.
        tensors: Weights and inputs by name.
        fetches: Names of its outputs.
    """

    def __init__(
        self,
        steps: Sequence[tuple[OperatorCall, Meaning]],
        tensors: dict[str, Any],
        fetches: Sequence[str],
    ) -> None:
        self._steps = steps
        self._tensors = tensors
        self._fetches = fetches

    def __iter__(self) -> Iterator[tuple[int, OperatorCall, dict[str, Any]]]:
        """Each operator's number, it, and what it wrote by name.

        Raises:
            ModelError: Paddle refuses what an operator is given.
        """
        for number, (call, meaning) in enumerate(self._steps):
            written = _run(call, meaning, self._tensors)
            self._tensors.update(written)
            yield number, call, written

    def outputs(self) -> list[Array]:
        """What the program gives, in order, when all has run."""
        return [self._tensors[name].numpy() for name in self._fetches]


def _with_halves(program: OptimizedProgram, weights: Mapping[str, Array]) -> dict[str, Array]:
    """The same, those rounded that kernels of 16-bit floats read."""
    read = {
        name
        for call in program.calls
        for slot, names in call.inputs.items()
        if reads_halves(call, slot)
        for name in names
    }
    return {
        name: half(value) if name in read and value.dtype == np.float32 else value
        for name, value in weights.items()
    }


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
