"""Paddle-Lite's own ``benchmark_bin``, for those who have built it: whole models only.

It prints no samples, only the shortest, longest and average time by a clock that may jump, so its
times never go into a table beside our runners' measurements. It ends with status 0 whatever
happens; it has succeeded if there is a ``Perf Info``. Threads and power mode are those that were
requested, not those that the library really uses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgeslim.errors import BadFileError, RunnerError
from edgeslim.execution import Execution, PowerMode
from edgeslim.opspec import Shape
from edgeslim.process import last_lines, status_error
from edgeslim.runner.failed_check import failed_check
from edgeslim.transports import Transport

__all__ = [
    "INPUT_TYPES",
    "BenchmarkCall",
    "BenchmarkTimes",
    "parse_benchmark",
    "run_benchmark_bin",
]

_SECTION = re.compile(r"^=+ (.+?) =+\s*$")
_VALUE = re.compile(r"^([a-z][\w (/)]*?)\s*[:=]\s*(.*?)\s*$")
INPUT_TYPES = {"float32", "int32", "int64"}
"""Types of inputs that the tool feeds, always with ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BenchmarkTimes:
    """Times of a model that the tool printed.

    Args:
        version: Version of the library in it, or the commit that it was built from.
        threads, power_mode: Those that were requested.
        warmup, repeats: Numbers of runs before timing, and of timed runs.
        init_ms: Time of loading the model.
        first_ms: Time of the first run.
        minimum_ms, maximum_ms, average_ms: Shortest, longest and mean time of the timed runs.
    """

    version: str
    threads: int
    power_mode: PowerMode
    warmup: int
    repeats: int
    init_ms: float
    first_ms: float
    minimum_ms: float
    maximum_ms: float
    average_ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class BenchmarkCall:
    """What the tool is told of a model.

    Args:
        shapes: Shapes of the model's inputs.
        execution: Target, threads and power mode to run with.
        dtypes: Types of the inputs; by default all are float32.
        warmup: Number of runs before timing.
        repeats: Number of timed runs.
    """

    shapes: Sequence[Shape]
    execution: Execution
    dtypes: Sequence[str] = ()
    warmup: int = 10
    repeats: int = 50

    def arguments(self, model: PurePosixPath) -> list[str]:
        """Options of the tool's command line; those with surprising defaults are always given.

        Raises:
            ValueError: There are no shapes, or it knows no such type of inputs.
        """
        if not self.shapes or set(self.dtypes) - INPUT_TYPES or self.warmup < 0 or self.repeats < 1:
            raise ValueError(
                f"benchmark_bin takes shapes and inputs of {sorted(INPUT_TYPES)}, and repeats of "
                f"at least 1; not {list(self.shapes)}, {list(self.dtypes)}, {self.warmup} and "
                f"{self.repeats}"
            )
        return [
            f"--optimized_model_file={model}",
            f"--input_shape={':'.join(','.join(map(str, shape)) for shape in self.shapes)}",
            *([f"--input_data_type={':'.join(self.dtypes)}"] if self.dtypes else []),
            f"--backend={self.execution.target.value}",
            f"--threads={self.execution.threads}",
            f"--power_mode={list(PowerMode).index(self.execution.power_mode)}",
            f"--warmup={self.warmup}",
            f"--repeats={self.repeats}",
        ]


def run_benchmark_bin(
    transport: Transport,
    program: Path,
    model: Path,
    call: BenchmarkCall,
    *,
    libraries: Sequence[Path] = (),
    timeout_s: float = 600.0,
) -> BenchmarkTimes:
    """Times an optimized model on a device with the user's own tool.

    Args:
        transport: Link to the device.
        program: The tool on this machine; it is sent.
        model: The optimized model on this machine.
        call: What the tool is told of the model.
        libraries: Shared libraries that the tool needs beside it.
        timeout_s: Seconds after which it is ended.

    Raises:
        RunnerError: It printed no times.
        ProgramError: It crashed, or did not end in time.
        LinkError: The device was lost.
    """
    there = transport.keep(program)
    folders = [str(transport.keep(library).parent) for library in libraries]
    with transport.folder() as folder:
        transport.push(model, folder / "model.nb")
        completed = transport.run(
            [str(there), *call.arguments(folder / "model.nb")],
            timeout_s=timeout_s,
            environment={"LD_LIBRARY_PATH": ":".join(folders)} if folders else {},
        )
    if completed.status != 0:
        text = failed_check(completed.errors.decode(errors="replace"))
        reason = f": a check of Paddle-Lite's own ended it: {text}" if text else ""
        raise status_error(
            f"{program.name} at {model.name}{reason}",
            completed,
            mend="edgeslim deploy names the operator at which a model ends",
        )
    try:
        return parse_benchmark(completed.output.decode(errors="replace"))
    except BadFileError as error:
        tail = last_lines(completed.errors)
        raise RunnerError(f"{program.name} at {model.name}: {error}{tail}") from error


def parse_benchmark(text: str) -> BenchmarkTimes:
    """The times in what the tool printed.

    Raises:
        BadFileError: There are none, or the model's outputs are not numbers.
    """
    sections: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in text.splitlines():
        if section := _SECTION.match(line):
            current = sections.setdefault(section[1], {})
        elif match := _VALUE.match(line):
            current[match[1]] = match[2]
    if "Perf Info" not in sections:
        raise BadFileError("it printed no Perf Info, so it ran nothing")
    for name, value in sections.get("Model Info", {}).items():
        if name.endswith(("mean value", "standard deviation")) and not _is_finite(value):
            raise BadFileError(f"the {name} is {value}")
    try:
        runtime, times = sections["Runtime Info"], sections["Perf Info"]
        return BenchmarkTimes(
            version=runtime["benchmark_bin version"],
            threads=int(runtime["threads"]),
            power_mode=list(PowerMode)[int(runtime["power_mode"])],
            warmup=int(runtime["warmup"]),
            repeats=int(runtime["repeats"]),
            init_ms=float(times["init"]),
            first_ms=float(times["first"]),
            minimum_ms=float(times["min"]),
            maximum_ms=float(times["max"]),
            average_ms=float(times["avg"]),
        )
    except (KeyError, IndexError, ValueError) as error:
        raise BadFileError(f"its Perf Info is not what it should be: {error}") from error


def _is_finite(value: str) -> bool:
    return value.lstrip("-").lower() not in {"nan", "inf"}
