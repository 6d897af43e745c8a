"""Paddle-Lite's own tool, by a script that prints what its documentation shows.

The script is not the real tool, which no release contains: these tests prove that the
documented format is read and that every way to fail is seen, and nothing about the tool.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeslim.device import Location
from edgeslim.errors import (
    NoOutputError,
    ProgramAbortedError,
    ProgramNotFoundError,
    ProgramTimedOutError,
    UsageError,
)
from edgeslim.execution import Execution, PowerMode, Target
from edgeslim.runner.benchmark_bin import (
    BenchmarkTimes,
    benchmark_arguments,
    parse_benchmark,
    run_benchmark,
)
from edgeslim.transports import TRANSPORTS, Transport

OUTPUT = """
======= Model Info =======
optimized_model_file: model.nb
input_shape: 1,3,224,224
--- output tensor 0 ---
output shape(NCHW): 1 1000
output tensor 0 mean value: 0.001

======= Runtime Info =======
benchmark_bin version: v2.13-rc
threads: 1
result_path:

======= Perf Info =======
Time(unit: ms):
init  = 15.305      
first = 43.670      
min   = 32.577      
max   = 32.895      
avg   = 32.723      

Memory Usage(unit: MB):
init  = 1.000       
peak  = 2.000       
"""  # noqa: W291 - the tool fills its columns with blanks

TIMES = BenchmarkTimes(
    init_ms=15.305, first_ms=43.67, min_ms=32.577, max_ms=32.895, avg_ms=32.723, version="v2.13-rc"
)
SHAPE = (1, 3, 224, 224)
ONE = Execution(target=Target.ARM)


def test_the_documented_output_is_read() -> None:
    assert parse_benchmark(OUTPUT.encode()) == TIMES


def test_the_command_line() -> None:
    execution = Execution(target=Target.ARM, threads=4, power_mode=PowerMode.NO_BIND)
    assert benchmark_arguments("tool", "a.nb", [SHAPE, (1, 2)], execution, repeats=20) == [
        "tool",
        "--optimized_model_file=a.nb",
        "--input_shape=1,3,224,224:1,2",
        "--warmup=10",
        "--repeats=20",
        "--threads=4",
        "--power_mode=3",
        "--backend=arm",
        "--cpu_precision=fp32",
    ]


@pytest.mark.parametrize("shapes", [(), ((),)])
def test_a_model_without_shapes_is_refused(shapes: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(UsageError, match="needs the shape of each input"):
        benchmark_arguments("tool", "a.nb", shapes, ONE)


def test_no_runs_are_refused() -> None:
    with pytest.raises(UsageError, match="cannot run 0 times after 10"):
        benchmark_arguments("tool", "a.nb", [SHAPE], ONE, repeats=0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("======= Perf Info =======", "", "measured nothing"),
        ("avg   = 32.723", "", "measured nothing"),
        ("avg   = 32.723", "avg   = nan", "measured nothing"),
        ("avg   = 32.723", "avg   = -1.0", "measured nothing"),
        ("min   = 32.577", "min   = 99.0", "cannot be"),
        ("min   = 32.577", "min   = 0.000", "runs in no time"),
    ],
)
def test_output_without_times_is_no_success(old: str, new: str, message: str) -> None:
    assert old in OUTPUT
    with pytest.raises(NoOutputError, match=message):
        parse_benchmark(OUTPUT.replace(old, new).encode())


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = TRANSPORTS.get("local")(Location())
    made.connect()
    yield made
    made.close()


def tool(folder: Path, script: str) -> str:
    path = folder / "benchmark_bin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def times(
    transport: Transport, folder: Path, program: str, timeout_s: float = 30.0
) -> BenchmarkTimes:
    model = folder / "model.nb"
    model.write_bytes(b"model")
    return run_benchmark(transport, program, model, [SHAPE], ONE, timeout_s=timeout_s)


def test_a_model_is_sent_and_timed(transport: Transport, tmp_path: Path) -> None:
    (tmp_path / "output").write_text(OUTPUT)
    script = f"""
for argument; do
  case $argument in --optimized_model_file=*) test -s "${{argument#*=}}" || exit 9 ;; esac
done
echo "$@" > {tmp_path}/arguments
cat {tmp_path}/output"""
    assert times(transport, tmp_path, tool(tmp_path, script)) == TIMES
    assert "--input_shape=1,3,224,224" in (tmp_path / "arguments").read_text()


def test_usage_with_status_0_is_a_failure(transport: Transport, tmp_path: Path) -> None:
    program = tool(tmp_path, "echo 'Must set --backend option!'")
    with pytest.raises(NoOutputError, match=r"it printed last: Must set --backend option!"):
        times(transport, tmp_path, program)


def test_a_tool_that_aborts_hangs_or_is_missing(transport: Transport, tmp_path: Path) -> None:
    with pytest.raises(ProgramAbortedError):
        times(transport, tmp_path, tool(tmp_path, "kill -ABRT $$"))
    with pytest.raises(ProgramTimedOutError):
        times(transport, tmp_path, tool(tmp_path, "sleep 60"), timeout_s=0.3)
    with pytest.raises(ProgramNotFoundError):
        times(transport, tmp_path, str(tmp_path / "nowhere"))
