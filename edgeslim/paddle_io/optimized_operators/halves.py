"""What rounding to 16-bit floats costs an optimized program, in all and at each operator.

The program is run twice, side by side: by the meaning of its operators, and as Arm's kernels
round. So it is known beforehand how far a device that does everything right may be off, and
where most of it comes from.
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
"""Behind a weight's name, the attribute by which the runtime makes halves of it."""

_MAKING_THEIR_OWN = {
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
"""Kernels that make halves of a weight which is none yet, by kind and slot."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class HalfStep:
    """One operator in halves, beside the same in real numbers.

    Args:
        call: The operator.
        inputs: Shapes of what it reads.
        outputs: Shapes of what it writes.
        off: Root mean square of what its results are off by, over that of the results.
        before: The same of what it reads, of the worst.
        largest: The largest magnitude among its results, as they should be.
        typical: Their root mean square.
        is_finite: Whether all of its results are numbers.
    """

    call: OperatorCall
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    off: float
    before: float
    largest: float
    typical: float
    is_finite: bool


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class HalfRun:
    """A program that was run both ways on one input.

    Args:
        exact: Its outputs by the meaning of its operators.
        rounded: Its outputs in halves.
        steps: Its operators in order, those that give floats.
    """

    exact: list[Array]
    rounded: list[Array]
    steps: tuple[HalfStep, ...]

    @property
    def beyond(self) -> HalfStep | None:
        """The operator that first gives what is no number, or infinite."""
        return next((step for step in self.steps if not step.is_finite), None)

    @property
    def costliest(self) -> HalfStep | None:
        """The operator at which most is lost beside what it reads."""
        return max(self.steps, key=lambda step: step.off - step.before, default=None)


class HalfNet:
    """A program with kernels of 16-bit floats.

    Args:
        program: It.

    Raises:
        ModelError: An operator has no meaning here.
    """

    def __init__(self, program: OptimizedProgram) -> None:
        self._exact = OptimizedNet(program)
        self._halves = OptimizedNet(program, halves=True)
        self._weights = {name: value.shape for name, value in program.weights.items()}

    def run(self, inputs: Mapping[str, Array]) -> HalfRun:
        """Both ways.

        Raises:
            ModelError: Paddle refuses what an operator is given.
        """
        paddle = load_paddle()
        off: dict[str, float] = {}
        shapes: dict[str, Shape] = {
            **self._weights,
            **{name: each.shape for name, each in inputs.items()},
        }
        steps = []
        # What is infinite is told by its operator.
        with dynamic_mode(), paddle.no_grad(), np.errstate(all="ignore"):
            exact, halves = self._exact.walk(inputs), self._halves.walk(inputs)
            for (_, call, true), (_, _, found) in zip(exact, halves, strict=True):
                read = list(chain.from_iterable(call.inputs.values()))
                read.sort(key=self._weights.__contains__)
                before = max((off.get(name, 0.0) for name in read), default=0.0)
                sizes = tuple(shapes[name] for name in read if name in shapes)
                step = _step(call, sizes, before, true, found)
                shapes |= {name: tuple(each.shape) for name, each in true.items()}
                off |= dict.fromkeys(true, 0.0 if step is None else step.off)
                steps += [] if step is None else [step]
            return HalfRun(exact=exact.outputs(), rounded=halves.outputs(), steps=tuple(steps))


def _step(
    call: OperatorCall,
    inputs: tuple[Shape, ...],
    before: float,
    true: Mapping[str, Any],
    found: Mapping[str, Any],
) -> HalfStep | None:
    """An operator, if there are floats among its results."""
    pairs = [
        (each.numpy(), found[name].numpy())
        for name, each in true.items()
        if each.dtype.name == "FP32" and each.size
    ]
    if not pairs:
        return None
    exact = np.concatenate([each.ravel() for each, _ in pairs])
    rounded = np.concatenate([each.ravel() for _, each in pairs])
    typical = _size(exact)
    finite = bool(np.all(np.isfinite(rounded)) or not np.all(np.isfinite(exact)))
    off = _size(rounded - exact) / typical if finite and typical > 0 else 0.0
    return HalfStep(
        call=call,
        inputs=inputs,
        outputs=tuple(each.shape for each, _ in pairs),
        off=off,
        before=before,
        largest=float(np.max(np.abs(exact))),
        typical=typical,
        is_finite=finite,
    )


def _size(values: Array) -> float:
    """Root mean square; of what can be infinite in single precision, in double."""
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def misread_weights(program: OptimizedProgram) -> list[tuple[OperatorCall, str]]:
    """Weights that an operator's kernel takes for numbers of another width than they have.

    The optimizer marks weights of which the runtime is to make halves when it loads them, by the
    kind of the operator that reads them (Paddle-Lite, ``fp16_attribute_pass.cc``). It misses some
    that kernels of 16-bit floats read, and marks some that others read as well.
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
                own = is_half(call) and (call.kind, slot) in _MAKING_THEIR_OWN
                if not own and reads_halves(call, slot) != (name in marked):
                    found.append((call, name))
    return found
