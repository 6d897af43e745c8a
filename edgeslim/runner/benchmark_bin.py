"""Paddle-Lite's own tool ``benchmark_bin``, for those who have it on their device already.

It times whole models only. It prints no samples, and its clock may be set meanwhile, so what
it says is shown beside our own measurements and never mixed with them. Wrong options make it
print its usage and end as if all were well: only its section of times is a success.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeslim.errors import NoOutputError, UsageError
from edgeslim.execution import Execution, PowerMode
from edgeslim.opspec import Shape
from edgeslim.process import last_lines, status_error
from edgeslim.transports import Transport

__all__ = ["BenchmarkTimes", "benchmark_arguments", "parse_benchmark", "run_benchmark"]

_SECTION = re.compile(r"^=+ (?P<name>.+?) =+$")
_VALUE = re.compile(r"^(?P<name>[^:=]+?)\s*[:=]\s*(?P<value>.*?)\s*$")
_TIMES = ("init", "first", "min", "max", "avg")


@dataclass(frozen=True, kw_only=True, slots=True)
class BenchmarkTimes:
    """What the tool says of one model.

    Args:
        init_ms: Loading.
        first_ms: The first run, of the warm-up if there is one.
        min_ms: The fastest run.
        max_ms: The slowest.
        avg_ms: Their mean; it knows no median.
        version: Paddle-Lite's version, or the commit that the tool was built from.
    """

    init_ms: float
    first_ms: float
    min_ms: float
    max_ms: float
    avg_ms: float
    version: str = ""


def benchmark_arguments(
    program: str,
    model: str,
    input_shapes: Sequence[Shape],
    execution: Execution,
    *,
    warmup: int = 10,
    repeats: int = 30,
) -> list[str]:
    """The tool's command line.

    Args:
        program: The tool, on the device.
        model: The optimized model, there too.
        input_shapes: Its inputs in order; the tool fills them with ones.
        execution: Processor, precision, threads and power mode.
        warmup: Runs before the times count.
        repeats: Runs that count.

    Raises:
        UsageError: The tool would not understand it.
    """
    if not input_shapes or not all(input_shapes):
        raise UsageError("benchmark_bin needs the shape of each input, such as 1,3,224,224")
    if repeats < 1 or warmup < 0:
        raise UsageError(f"benchmark_bin cannot run {repeats} times after {warmup}")
    shapes = ":".join(",".join(map(str, shape)) for shape in input_shapes)
    return [
        program,
        f"--optimized_model_file={model}",
        f"--input_shape={shapes}",
        f"--warmup={warmup}",
        f"--repeats={repeats}",
        f"--threads={execution.threads}",
        f"--power_mode={list(PowerMode).index(execution.power_mode)}",
        f"--backend={execution.target.value}",
        f"--cpu_precision={execution.precision.value}",
    ]


def parse_benchmark(output: bytes) -> BenchmarkTimes:
    """The times in what the tool printed.

    Raises:
        NoOutputError: They are not there, or cannot be meant.
    """
    sections: dict[str, dict[str, str]] = {}
    values: dict[str, str] = {}
    for line in output.decode(errors="replace").splitlines():
        if section := _SECTION.match(line.strip()):
            values = sections.setdefault(section["name"], {})
        elif value := _VALUE.match(line.strip()):
            # Memory comes after the times and has an "init" too: the first one counts.
            values.setdefault(value["name"], value["value"])
    times = [_milliseconds(sections.get("Perf Info", {}).get(name, "")) for name in _TIMES]
    if any(math.isnan(each) for each in times):
        raise NoOutputError(
            "benchmark_bin measured nothing, and ends as if it had; check its options and the "
            f"model{last_lines(output)}"
        )
    init, first, least, most, mean = times
    # The values are rounded, each for itself; a clock that was set shows here.
    if not 0 < least <= mean + 0.001 <= most + 0.002:
        raise NoOutputError(
            f"benchmark_bin says {least:g} ms at least, {mean:g} ms on average and {most:g} ms at "
            "most, which cannot be; its clock was set meanwhile, or the model runs in no time"
        )
    version = sections.get("Runtime Info", {}).get("benchmark_bin version", "")
    return BenchmarkTimes(
        init_ms=init, first_ms=first, min_ms=least, max_ms=most, avg_ms=mean, version=version
    )


def _milliseconds(text: str) -> float:
    """A time as the tool prints it; what is none is not a number."""
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else math.nan


def run_benchmark(
    transport: Transport,
    program: str,
    model: Path,
    input_shapes: Sequence[Shape],
    execution: Execution,
    *,
    warmup: int = 10,
    repeats: int = 30,
    timeout_s: float = 300.0,
) -> BenchmarkTimes:
    """Times a whole model on a device with the tool that is there.

    Args:
        transport: Way to the device.
        program: Path of the tool on the device.
        model: The optimized model, here.
        input_shapes: Its inputs in order.
        execution: Processor, precision, threads and power mode.
        warmup: Runs before the times count.
        repeats: Runs that count.
        timeout_s: After this the tool is ended.

    Raises:
        UsageError: The tool would not understand what is asked.
        ProgramError: It is not there, dies, hangs, or measures nothing.
        LinkError: The device cannot be reached.
    """
    # Asked before anything is sent.
    benchmark_arguments(program, "", input_shapes, execution, warmup=warmup, repeats=repeats)
    with transport.folder() as folder:
        there = folder / "model.nb"
        transport.push(model, there)
        command = benchmark_arguments(
            program, str(there), input_shapes, execution, warmup=warmup, repeats=repeats
        )
        completed = transport.run(command, timeout_s=timeout_s)
    if completed.status != 0:
        raise status_error(
            "benchmark_bin", completed, mend="convert the model for this device again"
        )
    return parse_benchmark(completed.output)
