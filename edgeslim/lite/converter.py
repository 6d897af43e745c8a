"""Conversions with ``opt``, many in one child process that may crash.

A child that aborts, crashes or hangs loses only the model that it was converting; a new child
continues with the next.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from edgeslim import process
from edgeslim.companion import lite_python
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

__all__ = ["Conversion", "ConversionResult", "ConversionTask", "convert", "convert_one"]

_START_S = 60.0


class ConversionTask(str, Enum):
    """Kind of result of a conversion."""

    OPTIMIZE = "optimize"
    """An optimized model, ``output.nb``."""
    FUSE = "fuse"
    """The fused graph as a program, ``output/model`` and ``output/params``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversion:
    """One model to convert.

    Args:
        model: File of the program description.
        parameters: File of the combined parameters.
        target: Kind of processor to convert for.
        output: Path of the result without its suffix.
        task: Kind of the result.
        precision: Precision of an optimized model; a fused graph is always in fp32.
        timeout_s: Seconds that this conversion may take.
        name: Name of the model in errors; by default that of its file.
    """

    model: Path
    parameters: Path
    target: Target
    output: Path
    task: ConversionTask = ConversionTask.OPTIMIZE
    precision: Precision = Precision.FP32
    timeout_s: float = 120.0
    name: str = ""

    @property
    def display_name(self) -> str:
        """Name of the model in errors."""
        return self.name or str(self.model)

    @property
    def result(self) -> Path:
        """The file that a conversion leaves."""
        if self.task is ConversionTask.OPTIMIZE:
            return self.output.with_name(self.output.name + ".nb")
        return self.output / "model"


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversionResult:
    """The result of one conversion: a file, or the error that `convert_one` would raise."""

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
    conversions: Sequence[Conversion], *, on_done: Callable[[ConversionResult], None] | None = None
) -> list[ConversionResult]:
    """Converts models one after the other; failures are results, in order with the rest.

    Args:
        conversions: Models that are converted, in order.
        on_done: Called with each result as soon as it is known.

    Raises:
        ProgramError: The optimizer does not start, such as without its package.
        UnwritableError: The folder of an output takes no files.
    """
    results: list[ConversionResult] = []

    def finish(converted: ConversionResult) -> None:
        results.append(converted)
        if on_done is not None:
            on_done(converted)

    while len(results) < len(conversions):
        _convert_in_child(conversions[len(results) :], finish)
    return results


def _convert_in_child(
    conversions: Sequence[Conversion], finish: Callable[[ConversionResult], None]
) -> None:
    """Converts until all is done or the child dies, which fails the current model."""
    python = str(lite_python())
    started, done = False, 0

    def read(line: bytes) -> None:
        nonlocal started, done
        if not line.startswith(worker.MARK):
            return
        message: dict[str, Any] = json.loads(line[len(worker.MARK) :])
        started = True
        if message.get("done") == done:
            finish(_check_result(conversions[done], message["wall_s"]))
            done += 1

    with temporary_folder() as folder:
        jobs = folder / "jobs.jsonl"
        jobs.write_text("\n".join(_job(i, conversion) for i, conversion in enumerate(conversions)))
        for parent in {conversion.output.parent for conversion in conversions}:
            new_folder(parent)
        for conversion in conversions:
            # An old result would pass for a new one.
            conversion.result.unlink(missing_ok=True)
        try:
            completed = process.run(
                # As a file and isolated: modules of the working folder stay out.
                [python, "-I", str(Path(worker.__file__).resolve()), str(jobs)],
                timeout_s=_START_S + sum(conversion.timeout_s for conversion in conversions),
                on_line=read,
            )
        except ProgramTimedOutError as error:
            if not started or done == len(conversions):
                raise
            finish(ConversionResult(conversion=conversions[done], error=error))
            return
    if not started:
        raise _start_error(completed)
    if done < len(conversions):
        failed = conversions[done]
        finish(ConversionResult(conversion=failed, error=_error(failed, completed)))


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


def _check_result(conversion: Conversion, wall_s: float) -> ConversionResult:
    """The result of a conversion, which fails if its file is missing or empty."""
    file = conversion.result
    error = None
    if not file.exists() or file.stat().st_size == 0:
        state = "empty" if file.exists() else "missing"
        error = NoOutputError(
            f"opt said it converted {conversion.display_name}, and its file is {state}"
        )
    return ConversionResult(conversion=conversion, error=error, wall_s=wall_s)


def _start_error(completed: process.CompletedProgram) -> ProgramError:
    """The error of an optimizer that did not start, which is no fault of any model."""
    if completed.status == worker.REFUSED:
        return ProgramNotFoundError(completed.errors.decode(errors="replace").strip())
    return process.status_error("opt does not start", completed)


def _error(conversion: Conversion, completed: process.CompletedProgram) -> ProgramError:
    what = f"opt could not convert {conversion.display_name} for {conversion.target.value}"
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
