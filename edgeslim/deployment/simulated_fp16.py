"""The loss of a model in fp16, simulated before any device has run it.

The very file is computed with the rounding of each of its operators. The result says how far a
device that does everything right may be off; a file whose outputs have lost their meaning, or are
no numbers at all, is refused with the operator at which that begins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgeslim.deployment.culprit import format_shapes
from edgeslim.deployment.ground_truth import GroundTruth
from edgeslim.deployment.judgement import (
    Array,
    OutputDifference,
    describe_difference,
    difference_of,
    is_acceptable,
)
from edgeslim.errors import ModelError
from edgeslim.execution import Precision
from edgeslim.optimized_program import OptimizedProgram
from edgeslim.paddle_io.optimized_operators.halves import (
    HalfNet,
    HalfRun,
    HalfStep,
    misread_weights,
)

__all__ = ["Fp16Simulation", "check_fp16_weights", "simulate_fp16"]

_LARGEST, _SMALLEST = 65504.0, 2.0**-24
_FEW_PLACES = 16.0
"""Multiple of the smallest fp16 number below which values have lost most of their digits."""

_LEAVE_OUT = "leave fp16 out"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Fp16Simulation:
    """Outputs of a program for some inputs, with rounding and without.

    Args:
        exact: For each input, the outputs without any rounding to fp16.
        rounded: For each input, the outputs with the rounding of each operator.
        runs: Everything that is known of each run.
    """

    exact: Sequence[Sequence[Array]]
    rounded: Sequence[Sequence[Array]]
    runs: Sequence[HalfRun]

    def check(self, name: str, truth: GroundTruth) -> OutputDifference:
        """How far rounding takes outputs from Paddle's, if they still mean something.

        Args:
            name: Name of the model, for messages.
            truth: What Paddle computes for the same inputs.

        Raises:
            ModelError: They are no numbers, or have lost their meaning.
        """
        difference = difference_of(truth.outputs, truth.settle_ties(self.rounded, Precision.FP16))
        if is_acceptable(difference, Precision.FP16):
            return difference
        # Infinite values inside alone are intended, as those of a masked softmax.
        first_infinite = next((run.first_infinite for run in self.runs if run.first_infinite), None)
        if not math.isfinite(difference.max_abs) and first_infinite is not None:
            raise ModelError(f"{name} is not right in fp16: {_describe_overflow(first_infinite)}")
        how = describe_difference(difference, Precision.FP16)
        raise ModelError(
            f"{name} is not right in fp16: rounding alone makes its outputs differ from "
            f"Paddle's {how}, {_describe_loss(self.runs[0])}"
        )


def simulate_fp16(program: OptimizedProgram, truth: GroundTruth) -> Fp16Simulation:
    """Computes a program on all inputs of a truth, with the rounding of fp16 and without.

    Raises:
        ModelError: It cannot be computed here.
    """
    net = HalfNet(program)
    runs = [net.run(inputs) for inputs in truth.inputs]
    return Fp16Simulation(
        exact=[run.exact for run in runs], rounded=[run.rounded for run in runs], runs=runs
    )


def check_fp16_weights(name: str, program: OptimizedProgram) -> None:
    """Checks that the runtime reads every weight of a file with the width that it has.

    Raises:
        ModelError: It does not, so that the device would compute something else.
    """
    for call, weight in misread_weights(program)[:1]:
        raise ModelError(
            f"{name} is not right in fp16: {call.kind} reads its weight {weight!r} as numbers of "
            "another width than the runtime makes of it, for opt marks weights by the operators "
            f"that it sees reading them; {_LEAVE_OUT}"
        )


def _describe_overflow(step: HalfStep) -> str:
    """Text of an operator that exceeds the range of fp16, with what to do."""
    what = f"{step.call.kind} {format_shapes(step.inputs)} -> {format_shapes(step.outputs)}"
    if step.largest > _LARGEST:
        return (
            f"{what} reaches {step.largest:.2g}, and 16-bit floats end at 65504; make what it "
            f"reads smaller by a factor, or {_LEAVE_OUT}"
        )
    return (
        f"{what} passes 65504 on the way to results that are at most {step.largest:.2g}, and gives "
        f"no number; make what it reads smaller, write it with other operators, or {_LEAVE_OUT}"
    )


def _describe_loss(run: HalfRun) -> str:
    """Text of the operator at which most is lost, with what to do."""
    step = run.costliest
    if step is None:
        return _LEAVE_OUT
    what = f"most of it at {step.call.kind} {format_shapes(step.inputs)} -> "
    what += format_shapes(step.outputs)
    if step.typical < _FEW_PLACES * _SMALLEST:
        return (
            f"{what}: its values are about {step.typical:.1g}, and 16-bit floats end at 6e-08; "
            f"give the network trained weights if it has none, or {_LEAVE_OUT}"
        )
    return f"{what}, which is off by {step.error:.1g} of its values; {_LEAVE_OUT}"
