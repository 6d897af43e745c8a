"""What fp16 costs a model before any device has run it, and the refusal where that is too much.

The very file is computed with the rounding of each of its operators. What comes out is what a
device that does everything right may be off by; a file whose outputs have lost their meaning, or
are no numbers at all, is refused with the operator at which that begins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgeslim.deployment.culprit import shapes_told
from edgeslim.deployment.judgement import Array, OutputDifference, acceptable, difference_of, told
from edgeslim.deployment.truth import Truth
from edgeslim.errors import ModelError
from edgeslim.execution import Precision
from edgeslim.optimized_program import OptimizedProgram
from edgeslim.paddle_io.optimized_operators.halves import (
    HalfNet,
    HalfRun,
    HalfStep,
    misread_weights,
)

__all__ = ["InHalves", "check_stored_halves", "in_halves"]

_LARGEST, _SMALLEST = 65504.0, 2.0**-24
_FEW_PLACES = 16.0
"""Of the smallest half: values of fewer have lost most of their digits."""

_LEAVE_OUT = "leave fp16 out"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class InHalves:
    """A program that was computed on some inputs, with rounding and without.

    Args:
        exact: Its outputs for each input by the meaning of its operators.
        rounded: The same with the rounding of each.
        runs: All that is known of each run.
    """

    exact: Sequence[Sequence[Array]]
    rounded: Sequence[Sequence[Array]]
    runs: Sequence[HalfRun]

    def check(self, name: str, truth: Truth) -> OutputDifference:
        """How far rounding takes outputs from Paddle's.

        Args:
            name: The model's.
            truth: What Paddle computes for the same inputs.

        Raises:
            ModelError: They are no numbers, or have lost their meaning.
        """
        difference = difference_of(truth.outputs, truth.settled(self.rounded, Precision.FP16))
        if acceptable(difference, Precision.FP16):
            return difference
        # What is infinite inside and not in the outputs was meant so, as where softmax is masked.
        beyond = next((run.beyond for run in self.runs if run.beyond), None)
        if not math.isfinite(difference.max_abs) and beyond is not None:
            raise ModelError(f"{name} is not right in fp16: {_beyond(beyond)}")
        raise ModelError(
            f"{name} is not right in fp16: rounding alone makes its outputs differ from "
            f"Paddle's {told(difference, Precision.FP16)}, {_lost(self.runs[0])}"
        )


def in_halves(program: OptimizedProgram, truth: Truth) -> InHalves:
    """Computes a program on all inputs of a truth.

    Raises:
        ModelError: It cannot be computed here.
    """
    net = HalfNet(program)
    runs = [net.run(inputs) for inputs in truth.inputs]
    return InHalves(
        exact=[run.exact for run in runs], rounded=[run.rounded for run in runs], runs=runs
    )


def check_stored_halves(name: str, program: OptimizedProgram) -> None:
    """That the runtime reads every weight of a file as numbers of the width that they have.

    Raises:
        ModelError: It does not; the device would compute something else.
    """
    for call, weight in misread_weights(program)[:1]:
        raise ModelError(
            f"{name} is not right in fp16: {call.kind} reads its weight {weight!r} as numbers of "
            "another width than the runtime makes of it, for opt marks weights by the operators "
            f"that it sees reading them; {_LEAVE_OUT}"
        )


def _beyond(step: HalfStep) -> str:
    """What is to be said of an operator that gives what is no finite number."""
    what = f"{step.call.kind} {shapes_told(step.inputs)} -> {shapes_told(step.outputs)}"
    if step.largest > _LARGEST:
        return (
            f"{what} reaches {step.largest:.2g}, and 16-bit floats end at 65504; make what it "
            f"reads smaller by a factor, or {_LEAVE_OUT}"
        )
    return (
        f"{what} passes 65504 on the way to results that are at most {step.largest:.2g}, and gives "
        f"no number; make what it reads smaller, write it with other operators, or {_LEAVE_OUT}"
    )


def _lost(run: HalfRun) -> str:
    """Where most of it is lost."""
    step = run.costliest
    if step is None:
        return _LEAVE_OUT
    what = f"most of it at {step.call.kind} {shapes_told(step.inputs)} -> "
    what += shapes_told(step.outputs)
    if step.typical < _FEW_PLACES * _SMALLEST:
        return (
            f"{what}: its values are about {step.typical:.1g}, and 16-bit floats end at 6e-08; "
            f"give the network trained weights if it has none, or {_LEAVE_OUT}"
        )
    return f"{what}, which is off by {step.off:.1g} of its values; {_LEAVE_OUT}"
