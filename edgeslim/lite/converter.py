"""Conversions with ``opt``, many in one fenced child process.

A child that aborts, crashes or hangs loses the one model it was at; a new child goes on
with the next.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from edgeslim import process
from edgeslim.errors import (
    NoOutputError,
    ProgramError,
    ProgramNotFoundError,
    ProgramTimedOutError,
)
from edgeslim.execution import Precision, Target
from edgeslim.files import new_folder, temporary_folder
from edgeslim.lite import worker
from edgeslim.lite.mends import mend_for

__all__ = ["Conversion", "Converted", "Task", "convert", "convert_one"]

_START_S = 60.0


class Task(str, Enum):
    """What the optimizer makes."""

    OPTIMIZE = "optimize"
    """An optimized model, ``output.nb``."""
    FUSE = "fuse"
    """The fused graph as a program, ``output/model`` and ``output/params``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversion:
    """One model to convert.

    Args:
        model: Program description.
        parameters: Combined parameters.
        output: Where the result goes, without its ending.
        precision: Of an optimized model; a fused graph is that of fp32.
        timeout_s: How long this one may take.
        name: What the model is called in errors; by default as its file.
    """

    model: Path
    parameters: Path
    target: Target
    output: Path
    task: Task = Task.OPTIMIZE
    precision: Precision = Precision.FP32
    timeout_s: float = 120.0
    name: str = ""

    @property
    def called(self) -> str:
        """What the model is called in errors."""
        return self.name or str(self.model)

    @property
    def result(self) -> Path:
        """The file that a conversion leaves."""
        if self.task is Task.OPTIMIZE:
            return self.output.with_name(self.output.name + ".nb")
        return self.output / "model"


@dataclass(frozen=True, kw_only=True, slots=True)
class Converted:
    """How one conversion ended: a file, or the error that a single one would raise."""

    conversion: Conversion
    error: ProgramError | None
    wall_s: float = 0.0


def convert_one(conversion: Conversion) -> Path:
    """Converts one model and returns the file.

    Raises:
        ProgramError: The optimizer aborted, crashed, hung or left nothing.
    """
    (converted,) = convert([conversion])
    if converted.error is not None:
        raise converted.error
    return conversion.result


def convert(
    conversions: Sequence[Conversion], *, on_done: Callable[[Converted], None] | None = None
) -> list[Converted]:
    """Converts models one after the other; failures are results, in order with the rest.

    Args:
        conversions: What to convert.
        on_done: Called as each conversion ends.

    Raises:
        ProgramError: The optimizer does not even start, such as for want of its package.
        UnwritableError: The folder of an output takes no files.
    """
    results: list[Converted] = []

    def finish(converted: Converted) -> None:
        results.append(converted)
        if on_done is not None:
            on_done(converted)

    while len(results) < len(conversions):
        _one_child(conversions[len(results) :], finish)
    return results


def _one_child(conversions: Sequence[Conversion], finish: Callable[[Converted], None]) -> None:
    """Converts until all is done or the child dies; then the one it was at has failed."""
    started, done = False, 0

    def read(line: bytes) -> None:
        nonlocal started, done
        if not line.startswith(worker.MARK):
            return
        message: dict[str, Any] = json.loads(line[len(worker.MARK) :])
        started = True
        if message.get("done") == done:
            finish(_checked(conversions[done], message["wall_s"]))
            done += 1

    with temporary_folder() as folder:
        jobs = folder / "jobs.jsonl"
        jobs.write_text("\n".join(_job(i, each) for i, each in enumerate(conversions)))
        for parent in {each.output.parent for each in conversions}:
            new_folder(parent)
        for each in conversions:
            # An old result would pass for a new one.
            each.result.unlink(missing_ok=True)
        try:
            completed = process.run(
                # As a file and isolated: modules of the working folder stay out.
                [sys.executable, "-I", str(Path(worker.__file__).resolve()), str(jobs)],
                timeout_s=_START_S + sum(each.timeout_s for each in conversions),
                on_line=read,
            )
        except ProgramTimedOutError as error:
            if not started or done == len(conversions):
                raise
            finish(Converted(conversion=conversions[done], error=error))
            return
    if not started:
        raise _refusal(completed)
    if done < len(conversions):
        failed = conversions[done]
        finish(Converted(conversion=failed, error=_error(failed, completed)))


def _job(index: int, conversion: Conversion) -> str:
    return json.dumps(
        {
            "index": index,
            "task": conversion.task.value,
            "model": str(conversion.model),
            "parameters": str(conversion.parameters),
            "target": conversion.target.value,
            "precision": conversion.precision.value,
            "output": str(conversion.output),
            "timeout_s": conversion.timeout_s,
        }
    )


def _checked(conversion: Conversion, wall_s: float) -> Converted:
    """Success is a file with something in it, whatever the optimizer printed."""
    file = conversion.result
    error = None
    if not file.exists() or file.stat().st_size == 0:
        state = "empty" if file.exists() else "missing"
        error = NoOutputError(f"opt said it converted {conversion.called}, and its file is {state}")
    return Converted(conversion=conversion, error=error, wall_s=wall_s)


def _refusal(completed: process.Completed) -> ProgramError:
    """Why the optimizer did not even start, which is no fault of any model."""
    if completed.status == worker.REFUSED:
        return ProgramNotFoundError(completed.errors.decode(errors="replace").strip())
    return process.status_error("opt does not start", completed)


def _error(conversion: Conversion, completed: process.Completed) -> ProgramError:
    what = f"opt could not convert {conversion.called} for {conversion.target.value}"
    if conversion.precision is not Precision.FP32:
        what += f" in {conversion.precision.value}"
    if completed.status == 128 + signal.SIGALRM:
        return ProgramTimedOutError(f"{what} within {conversion.timeout_s:g} s")
    if completed.status == 0:
        return NoOutputError(f"{what}: it ended before its work was done")
    lines = completed.output.splitlines()
    theirs = b"\n".join(line for line in lines if not line.startswith(worker.MARK))
    return process.status_error(
        what, replace(completed, output=theirs), mend=mend_for(completed.errors)
    )
