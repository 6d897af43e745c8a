"""The rounding error of fp16 kernels in an optimized program, in total and at each operator.

The program is run twice, operator by operator: exactly, and with the rounding of Arm's kernels. So
the error of a device that computes everything correctly is known beforehand, and the operators
that contribute most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from edgeslim.opspec import Shape
from edgeslim.optimized_program import OperatorCall, OptimizedProgram
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.modes import dynamic_mode
from edgeslim.paddle_io.optimized_operators._half_kernels import is_half, reads_halves
from edgeslim.paddle_io.optimized_operators.run import OptimizedNet

__all__ = ["HalfNet", "HalfRun", "HalfStep", "misread_weights"]

Array = np.ndarray[Any, Any]

_MARK = "_fp16"
"""Suffix of the attribute, behind a weight's name, for which the runtime converts it to halves."""

_CONVERTING_SLOTS = {
    ("conv2d", "Filter"),
    ("conv2d_transpose", "Filter"),
    ("depthwise_conv2d", "Filter"),
    ("depthwise_conv2d_transpose", "Filter"),
    ("fc", "Bias"),
    ("fc", "W"),
    ("rnn", "WeightList"),
    ("sequence_conv", "Filter"),
    ("sparse_conv2d", "Bias"),
}
"""Kernels that convert an fp32 weight to halves themselves, by kind and slot."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class HalfStep:
    """One operator with rounding, compared with its exact results.

    Args:
        call: The operator that was run.
        inputs: Shapes of the tensors that it reads.
        outputs: Shapes of the tensors that it writes.
        error: Root mean square of the errors of its results, over that of the exact results.
        before: The largest such error among its inputs.
        largest: The largest magnitude among its exact results.
        typical: Root mean square of its exact results.
        is_finite: Whether all of its rounded results are finite.
    """

    call: OperatorCall
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    error: float
    before: float
    largest: float
    typical: float
    is_finite: bool


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class HalfRun:
    """The results of a program that was run exactly and with rounding on the same inputs.

    Args:
        exact: The exact outputs of the program.
        rounded: The outputs with the rounding of fp16 kernels.
        steps: The operators with float results, in order.
    """

    exact: list[Array]
    rounded: list[Array]
    steps: tuple[HalfStep, ...]

    @property
    def first_infinite(self) -> HalfStep | None:
        """The first operator with results that are infinite or NaN."""
        return next((step for step in self.steps if not step.is_finite), None)

    @property
    def costliest(self) -> HalfStep | None:
        """The operator with the largest error beyond that of its inputs."""
        return max(self.steps, key=lambda step: step.error - step.before, default=None)


class HalfNet:
    """A program with fp16 kernels, run exactly and with rounding.

    Args:
        program: The optimized program for Arm in fp16.

    Raises:
        ModelError: An operator's meaning is not known.
    """

    def __init__(self, program: OptimizedProgram) -> None:
        self._exact = OptimizedNet(program)
        self._halves = OptimizedNet(program, halves=True)
        self._weights = {name: value.shape for name, value in program.weights.items()}

    def run(self, inputs: Mapping[str, Array]) -> HalfRun:
        """Runs the program exactly and with rounding on the same inputs.

        Raises:
            ModelError: Paddle cannot compute an operator.
        """
        paddle = load_paddle()
        error: dict[str, float] = {}
        shapes: dict[str, Shape] = {
            **self._weights,
            **{name: value.shape for name, value in inputs.items()},
        }
        steps = []
        # Infinite results are reported by their operators.
        with dynamic_mode(), paddle.no_grad(), np.errstate(all="ignore"):
            exact, halves = self._exact.walk(inputs), self._halves.walk(inputs)
            for (_, call, true), (_, _, found) in zip(exact, halves, strict=True):
                read = list(chain.from_iterable(call.inputs.values()))
                read.sort(key=self._weights.__contains__)
                before = max((error.get(name, 0.0) for name in read), default=0.0)
                sizes = tuple(shapes[name] for name in read if name in shapes)
                step = _step(call, sizes, before, true, found)
                shapes |= {name: tuple(tensor.shape) for name, tensor in true.items()}
                error |= dict.fromkeys(true, 0.0 if step is None else step.error)
                steps += [] if step is None else [step]
            return HalfRun(exact=exact.outputs(), rounded=halves.outputs(), steps=tuple(steps))


def _step(
    call: OperatorCall,
    inputs: tuple[Shape, ...],
    before: float,
    true: Mapping[str, Any],
    found: Mapping[str, Any],
) -> HalfStep | None:
    """The comparison of an operator's results; None if none of them is float."""
    pairs = [
        (tensor.numpy(), found[name].numpy())
        for name, tensor in true.items()
        if tensor.dtype.name == "FP32" and tensor.size
    ]
    if not pairs:
        return None
    exact = np.concatenate([one.ravel() for one, _ in pairs])
    rounded = np.concatenate([other.ravel() for _, other in pairs])
    typical = _root_mean_square(exact)
    finite = bool(np.all(np.isfinite(rounded)) or not np.all(np.isfinite(exact)))
    error = _root_mean_square(rounded - exact) / typical if finite and typical > 0 else 0.0
    return HalfStep(
        call=call,
        inputs=inputs,
        outputs=tuple(one.shape for one, _ in pairs),
        error=error,
        before=before,
        largest=float(np.max(np.abs(exact))),
        typical=typical,
        is_finite=finite,
    )


def _root_mean_square(values: Array) -> float:
    """The root mean square, in double precision, since squares may be infinite in single."""
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def misread_weights(program: OptimizedProgram) -> list[tuple[OperatorCall, str]]:
    """Weights that a kernel reads as numbers of another width than they have.

    The optimizer marks the weights that the runtime converts to halves when it loads them, by the
    kind of the operator that reads them (Paddle-Lite, ``fp16_attribute_pass.cc``). It misses some
    that fp16 kernels read, and marks some that other kernels read as well.
    """
    marked = {
        name.removesuffix(_MARK)
        for call in program.calls
        for name in call.attributes
        if name.endswith(_MARK)
    }
    found = []
    for call in program.calls:
        for slot, names in call.inputs.items():
            for name in names:
                if name not in program.weights or program.weights[name].dtype != np.float32:
                    continue
                converts = is_half(call) and (call.kind, slot) in _CONVERTING_SLOTS
                if not converts and reads_halves(call, slot) != (name in marked):
                    found.append((call, name))
    return found
