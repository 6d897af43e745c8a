"""The first operator that a runtime computes wrongly, by running parts of the model on it.

A part ends at a tensor of the model that the optimizer left in its own right. It is optimized
again by itself, so that what a whole model alone gets wrong may not be found.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeslim.conversion.optimized import OptimizedFile, optimize
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.halves import in_halves
from edgeslim.deployment.judgement import Array, OutputDifference, acceptable, difference_of
from edgeslim.deployment.outputs import outputs_on_device
from edgeslim.deployment.tracing import Step, Trace
from edgeslim.deployment.truth import Truth
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

__all__ = ["WrongThere", "first_ending_there", "first_wrong_there"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class WrongThere:
    """An operator that is right in Paddle and wrong on a runtime.

    Args:
        step: It.
        tensor: What it makes, by its name in the model.
        off: Largest difference over the largest value of that; infinite if there is no value.
    """

    step: Step
    tensor: str
    off: float


def first_wrong_there(
    session: DeviceSession,
    model: PreparedModel,
    trace: Trace,
    inputs: Mapping[str, Array],
    folder: Path,
    *,
    precision: Precision = Precision.FP32,
) -> WrongThere | None:
    """The first operator of a model, all right in Paddle, that a device computes wrongly.

    Args:
        session: The device.
        model: The model.
        trace: Its operators for that device, beside Paddle's values.
        inputs: What it is run on.
        folder: For files on the way.
        precision: What parts of the model are converted to.

    Returns:
        The operator; None if every part of the model is right by itself.
    """
    program = read_program(model.program)
    made = {name for op in program.blocks[0].ops for slot in op.outputs for name in slot.arguments}
    there = _There(session, model, trace, inputs, folder, precision=precision)
    line = [(step, name) for step in trace.steps if (name := _tensor(step)) in made]
    wrong: WrongThere | None = None
    while line:
        found = there.bisected(line)
        if found is None:
            return wrong
        wrong = found
        # What it reads may be wrong as well, on a branch that was not looked at.
        earlier = _before(trace, found.step)
        line = [each for each in line if each[0].number in earlier]
    return wrong


def first_ending_there(
    session: DeviceSession,
    model: PreparedModel,
    inputs: Mapping[str, Array],
    precision: Precision,
    folder: Path,
) -> tuple[OpSpec, str] | None:
    """The first operator of a model with which a device's runtime ends.

    Args:
        session: The device.
        model: The model.
        inputs: What it is run on.
        precision: What it is converted to.
        folder: For files on the way.

    Returns:
        The operator and what it makes, by its name in the model; None if no part ends.
    """
    program = read_program(model.program)
    made = {name for op in program.blocks[0].ops for slot in op.outputs for name in slot.arguments}
    line = [(node.spec, name) for node in model.graph.nodes if (name := node.writes()[0]) in made]

    def ends(place: int) -> bool:
        path = folder / f"end{place}"
        try:
            file = _part(session, model, line[place][1], path, precision)
            outputs_on_device(session, file, [list(inputs.values())], 1, folder)
        except (ProgramAbortedError, ProgramCrashedError):
            return path.with_suffix(".nb").exists()  # and not the optimizer
        except EdgeslimError:
            return False
        return False

    last = len(line) - 1
    if last < 0 or not ends(last):
        return None
    return line[bisect_left(range(last), True, key=ends)]


def _part(
    session: DeviceSession, model: PreparedModel, tensor: str, path: Path, precision: Precision
) -> OptimizedFile:
    """What makes a tensor of a model, converted for a device; raises as `optimize`."""
    cut = cut_program(read_program(model.program), [tensor])
    program = path.with_suffix(".pdmodel")
    write_bytes(program, cut.SerializeToString())
    place = session.place(precision)
    # Whatever is known of its operators, it is what they compute that is looked at.
    lawless = replace(place, laws=LawBook(()))
    return optimize(replace(model, program=program), place.target, path, place=lawless)


def _tensor(step: Step) -> str:
    """The model's tensor that a step makes; "" if it makes none, or several."""
    names = list(step.same_as.values())
    return names[0] if len(names) == 1 else ""


def _before(trace: Trace, step: Step) -> set[int]:
    """Numbers of all steps that one depends on."""
    found: set[int] = set()
    waiting = list(step.reads)
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += trace.steps[number].reads
    return found


class _There:
    """Runs parts of a model on a device."""

    def __init__(
        self,
        session: DeviceSession,
        model: PreparedModel,
        trace: Trace,
        inputs: Mapping[str, Array],
        folder: Path,
        *,
        precision: Precision,
    ) -> None:
        self._session = session
        self._model = model
        self._trace = trace
        self._inputs = inputs
        self._folder = folder
        self._precision = precision
        self._known: dict[str, float | None] = {}

    def bisected(self, line: Sequence[tuple[Step, str]]) -> WrongThere | None:
        """The first wrong one, if what is behind a wrong one is wrong as well."""
        if self._off(line[-1][1]) is None:
            return None
        wrong = bisect_left(
            range(len(line) - 1), True, key=lambda place: self._off(line[place][1]) is not None
        )
        step, tensor = line[wrong]
        return WrongThere(step=step, tensor=tensor, off=self._off(tensor) or 0.0)

    def _off(self, tensor: str) -> float | None:
        """How far a tensor is off there; None if it is right, or cannot be had."""
        if tensor not in self._known:
            self._known[tensor] = self._run(tensor)
        return self._known[tensor]

    def _run(self, tensor: str) -> float | None:
        path = self._folder / f"part{len(self._known)}"
        try:
            file = _part(self._session, self._model, tensor, path, self._precision)
        except EdgeslimError:
            return None
        try:
            given = [list(self._inputs.values())]
            found = outputs_on_device(self._session, file, given, 1, self._folder)
            truth = Truth(inputs=(self._inputs,), outputs=([self._trace.tensors[tensor]],))
            difference = difference_of(truth.outputs, found)
            rounding = self._rounding(file, truth)
        except (ModelError, ProgramError, RunnerError):
            return math.inf  # it ends the runtime, or gives what is no number
        right = acceptable(difference, self._precision, rounding)
        return None if right else difference.max_rel

    def _rounding(self, file: OptimizedFile, truth: Truth) -> OutputDifference | None:
        """What rounding alone makes of a part in fp16."""
        if self._precision is not Precision.FP16:
            return None
        rounded = in_halves(read_optimized_program(file.path), truth).rounded
        return difference_of(truth.outputs, rounded)
