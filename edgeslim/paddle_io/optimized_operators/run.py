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
from edgeslim.paddle_io.optimized_operators._elementwise import BINARY, combine_elements, scale
from edgeslim.paddle_io.optimized_operators._half_kernels import half_meaning, reads_halves
from edgeslim.paddle_io.optimized_operators._halves import to_half
from edgeslim.paddle_io.optimized_operators._int8 import calibration
from edgeslim.paddle_io.optimized_operators._matrices import full_connection, product
from edgeslim.paddle_io.optimized_operators._meaning import Meaning
from edgeslim.paddle_io.optimized_operators._moving import copy_values, pad_images, shuffle_channels
from edgeslim.paddle_io.optimized_operators._plain import plain_operator
from edgeslim.paddle_io.optimized_operators._pooling import pooling
from edgeslim.paddle_io.optimized_operators._weights import float_weights

__all__ = ["OptimizedNet", "Walk", "Watch", "without_meaning"]

Array = np.ndarray[Any, Any]

Watch = Callable[[int, OperatorCall, Mapping[str, Array]], None]
"""Is called with the index of an operator, the operator, and its outputs by name."""

_MEANINGS: Mapping[str, Callable[[OperatorCall], Meaning]] = {
    **dict.fromkeys(("conv2d", "depthwise_conv2d", "conv3d"), convolution),
    **dict.fromkeys(("conv2d_transpose", "depthwise_conv2d_transpose"), transposed_convolution),
    **dict.fromkeys(BINARY, combine_elements),
    **dict.fromkeys((f"fusion_{kind}_activation" for kind in BINARY), combine_elements),
    **dict.fromkeys(("calib", "calib_once", "calib_inplace"), calibration),
    **dict.fromkeys(("io_copy", "io_copy_once", "layout", "layout_once"), copy_values),
    "fc": full_connection,
    "mul": product,
    "pad2d": pad_images,
    "pool2d": pooling,
    "scale": scale,
    "shuffle_channel": shuffle_channels,
}
"""The meaning of each kind of operator; others have the same meaning as in Paddle."""


def _meaning(call: OperatorCall) -> Meaning:
    return _MEANINGS.get(call.kind, plain_operator)(call)


def without_meaning(program: OptimizedProgram) -> tuple[str, ...]:
    """The reasons why operators of a program cannot be computed here, each once."""
    load_paddle()
    reasons = map(_refusal, program.calls)
    return tuple(dict.fromkeys(reason for reason in reasons if reason))


def _refusal(call: OperatorCall) -> str:
    """The reason why an operator cannot be computed here; empty if it can."""
    try:
        _meaning(call)
    except ModelError as error:
        return str(error)
    return ""


class OptimizedNet:
    """A program that can be run on inputs.

    Args:
        program: The optimized program that is run.
        halves: Whether fp16 kernels round as on Arm with one thread; otherwise they compute in
            fp32, without rounding to halves.

    Raises:
        ModelError: An operator's meaning is not known; see `without_meaning`.
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
        """The outputs of the program, in order.

        Args:
            inputs: An array for each input by name; inputs that the optimizer renamed go by order.
            watch: Called with the outputs of each operator after it has run.

        Raises:
            ModelError: Paddle cannot compute an operator.
        """
        paddle = load_paddle()
        with dynamic_mode(), paddle.no_grad():
            walk = self.walk(inputs)
            for number, call, written in walk:
                if watch is not None:
                    watch(number, call, {k: v.numpy() for k, v in written.items()})
            return walk.outputs()

    def walk(self, inputs: Mapping[str, Array]) -> Walk:
        """A run operator by operator; Paddle has to be in dynamic mode, without gradients."""
        paddle = load_paddle()
        given = {name: paddle.to_tensor(value) for name, value in inputs.items()}
        for name, fed in zip(self._program.feeds, list(given.values()), strict=False):
            given.setdefault(name, fed)
        return Walk(self._steps, {**self._weights, **given}, self._program.fetches)


class Walk:
    """One run of a program, operator by operator; it can be iterated once.

    Args:
        steps: The program's operators and their meanings.
        tensors: Weights and inputs by name.
        fetches: Names of the program's outputs.
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
        """Index of each operator, the operator, and its outputs by name.

        Raises:
            ModelError: Paddle cannot compute an operator.
        """
        for number, (call, meaning) in enumerate(self._steps):
            written = _run(call, meaning, self._tensors)
            self._tensors.update(written)
            yield number, call, written

    def outputs(self) -> list[Array]:
        """The program's outputs in order, after all operators have run."""
        return [self._tensors[name].numpy() for name in self._fetches]


def _with_halves(program: OptimizedProgram, weights: Mapping[str, Array]) -> dict[str, Array]:
    """Weights, with those that fp16 kernels read rounded to halves."""
    read = {
        name
        for call in program.calls
        for slot, names in call.inputs.items()
        if reads_halves(call, slot)
        for name in names
    }
    return {
        name: to_half(value) if name in read and value.dtype == np.float32 else value
        for name, value in weights.items()
    }


def _run(call: OperatorCall, meaning: Meaning, tensors: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of one operator by name, without those that have no meaning here."""
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
