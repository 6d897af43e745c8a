"""The first operator that a runtime computes wrongly, by running parts of the model on it.

A part ends at a tensor of the model that the optimizer left in its own right. It is optimized
again by itself, so that what a whole model alone gets wrong may not be found.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeslim.conversion.optimized import OptimizedFile, optimize
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.ground_truth import GroundTruth
from edgeslim.deployment.judgement import OutputDifference, difference_of, is_acceptable
from edgeslim.deployment.outputs import outputs_on_device
from edgeslim.deployment.simulated_fp16 import simulate_fp16
from edgeslim.deployment.suspect import Suspect
from edgeslim.deployment.trace import Trace, TraceStep
from edgeslim.errors import (
    EdgeslimError,
    ModelError,
    ProgramAbortedError,
    ProgramCrashedError,
    ProgramError,
    RunnerError,
)
from edgeslim.execution import Precision
from edgeslim.files import write_bytes
from edgeslim.lite.optimized_program import read_optimized_program
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.opspec import OpSpec
from edgeslim.paddle_io.cut_program import cut_program
from edgeslim.paddle_io.proto import read_program
from edgeslim.targets import LawBook

__all__ = ["WrongOnDevice", "first_crash_on_device", "first_wrong_on_device"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class WrongOnDevice:
    """An operator that is right in Paddle and wrong on a runtime.

    Args:
        step: The operator, as it ran.
        tensor: Name in the model of the tensor that it should compute.
        off: Largest difference over the largest value of that tensor; infinite if the device gave
            no value.
    """

    step: TraceStep
    tensor: str
    off: float


def first_wrong_on_device(
    suspect: Suspect, session: DeviceSession, trace: Trace
) -> WrongOnDevice | None:
    """The first operator of a model, all right in Paddle, that a device computes wrongly.

    Args:
        suspect: The model, with an input for which the device's outputs differ.
        session: The device that computes something else.
        trace: The model's operators for that device, beside Paddle's values.

    Returns:
        The operator; None if every part of the model is right by itself.
    """
    made = _made_by_operators(suspect.model)
    parts = _DeviceParts(suspect, session, trace)
    line = [(step, name) for step in trace.steps if (name := _tensor_of(step)) in made]
    wrong: WrongOnDevice | None = None
    while line:
        found = parts.find_first_wrong(line)
        if found is None:
            return wrong
        wrong = found
        # What it reads may be wrong as well, on a branch that was not looked at.
        earlier = _steps_before(trace, found.step)
        line = [pair for pair in line if pair[0].number in earlier]
    return wrong


def first_crash_on_device(suspect: Suspect, session: DeviceSession) -> tuple[OpSpec, str] | None:
    """The first operator of a model that makes a device's runtime crash.

    Args:
        suspect: The model, with an input for which it crashes.
        session: The device whose runtime crashes.

    Returns:
        The operator and the name of the tensor that it computes; None if no part crashes.
    """
    model, folder = suspect.model, suspect.folder
    made = _made_by_operators(model)
    line = [(node.spec, name) for node in model.graph.nodes if (name := node.writes()[0]) in made]

    def ends(place: int) -> bool:
        path = folder / f"end{place}"
        try:
            file = _convert_part(suspect, session, line[place][1], path)
            outputs_on_device(session, file, [suspect.feeds], 1, folder)
        except (ProgramAbortedError, ProgramCrashedError):
            return path.with_suffix(".nb").exists()  # and not the optimizer
        except EdgeslimError:
            return False
        return False

    last = len(line) - 1
    if last < 0 or not ends(last):
        return None
    return line[bisect_left(range(last), True, key=ends)]


def _made_by_operators(model: PreparedModel) -> set[str]:
    """Names of the tensors that operators of a model compute."""
    program = read_program(model.program)
    return {name for op in program.blocks[0].ops for slot in op.outputs for name in slot.arguments}


def _convert_part(
    suspect: Suspect, session: DeviceSession, tensor: str, path: Path
) -> OptimizedFile:
    """Converts the part of a model that computes one tensor; raises as `optimize`."""
    cut = cut_program(read_program(suspect.model.program), [tensor])
    program = path.with_suffix(".pdmodel")
    write_bytes(program, cut.SerializeToString())
    place = session.place(suspect.precision)
    # No law may refuse the part: what its operators compute on the device is the question.
    lawless = replace(place, laws=LawBook(()))
    return optimize(replace(suspect.model, program=program), place.target, path, place=lawless)


def _tensor_of(step: TraceStep) -> str:
    """Name of the model's tensor that a step computes; "" if it computes none, or several."""
    names = list(step.same_as.values())
    return names[0] if len(names) == 1 else ""


def _steps_before(trace: Trace, step: TraceStep) -> set[int]:
    """Numbers of all steps that a step depends on."""
    found: set[int] = set()
    waiting = list(step.reads)
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += trace.steps[number].reads
    return found


class _DeviceParts:
    """Runs parts of a model on a device, and compares their last tensor with Paddle's."""

    def __init__(self, suspect: Suspect, session: DeviceSession, trace: Trace) -> None:
        self._suspect = suspect
        self._session = session
        self._trace = trace
        self._known: dict[str, float | None] = {}

    def find_first_wrong(self, line: Sequence[tuple[TraceStep, str]]) -> WrongOnDevice | None:
        """The first wrong tensor by bisection, which takes what follows a wrong one to be wrong."""
        if self._deviation(line[-1][1]) is None:  # the end is right, so all of it is
            return None
        wrong = bisect_left(
            range(len(line) - 1),
            True,
            key=lambda place: self._deviation(line[place][1]) is not None,
        )
        step, tensor = line[wrong]
        return WrongOnDevice(step=step, tensor=tensor, off=self._deviation(tensor) or 0.0)

    def _deviation(self, tensor: str) -> float | None:
        """How far a tensor is off on the device; None if it is right, or cannot be converted."""
        if tensor not in self._known:
            self._known[tensor] = self._run(tensor)
        return self._known[tensor]

    def _run(self, tensor: str) -> float | None:
        suspect = self._suspect
        path = suspect.folder / f"part{len(self._known)}"
        try:
            file = _convert_part(suspect, self._session, tensor, path)
        except EdgeslimError:
            return None
        try:
            found = outputs_on_device(self._session, file, [suspect.feeds], 1, suspect.folder)
            truth = GroundTruth(inputs=(suspect.inputs,), outputs=([self._trace.tensors[tensor]],))
            difference = difference_of(truth.outputs, found)
            rounding = self._rounding(file, truth)
        except (ModelError, ProgramError, RunnerError):
            return math.inf  # the runtime crashed, or gave what is no number
        right = is_acceptable(difference, suspect.precision, rounding)
        return None if right else difference.max_rel

    def _rounding(self, file: OptimizedFile, truth: GroundTruth) -> OutputDifference | None:
        """How far rounding alone takes a part's output from Paddle's, in fp16."""
        if self._suspect.precision is not Precision.FP16:
            return None
        rounded = simulate_fp16(read_optimized_program(file.path), truth).rounded
        return difference_of(truth.outputs, rounded)
