"""Paddle-Lite's own tool: what it is called with, and what is believed of what it prints."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from edgeslim.device import Location
from edgeslim.errors import BadFileError, ProgramAbortedError, RunnerError
from edgeslim.execution import Execution, PowerMode, Target
from edgeslim.runner.benchmark_bin import (
    BenchmarkCall,
    BenchmarkTimes,
    parse_benchmark,
    run_benchmark_bin,
)
from edgeslim.transports import TRANSPORTS
from tests.program import edgeslim

# As Paddle-Lite's documentation (docs/performance/benchmark_tools.md) has it of a phone.
PRINTED = """
======= Device Info =======
Brand: Xiaomi
Device: cepheus
Model: MI 9
Android Version: 10
Android API Level: 29

======= Model Info =======
optimized_model_file: .nb
input_data_path: All 1.f
input_shape: 1,3,224,224
output tensor num: 1
--- output tensor 0 ---
output shape(NCHW): 1 1000
output tensor 0 elem num: 1000
output tensor 0 mean value: 0.001
output tensor 0 standard deviation: 0.00219647

======= Runtime Info =======
benchmark_bin version: acf6614
threads: 1
power_mode: 0
warmup: 10
repeats: 20
result_path:

======= Backend Info =======
backend: arm
cpu precision: fp32

======= Perf Info =======
Time(unit: ms):
init  = 15.305
first = 43.670
min   = 32.577
max   = 32.895
avg   = 32.723
"""
TIMES = BenchmarkTimes(
    version="acf6614",
    threads=1,
    power_mode=PowerMode.HIGH,
    warmup=10,
    repeats=20,
    init_ms=15.305,
    first_ms=43.670,
    minimum_ms=32.577,
    maximum_ms=32.895,
    average_ms=32.723,
)
ON_ARM = Execution(target=Target.ARM, threads=2, power_mode=PowerMode.FULL)


def test_what_it_prints_is_read() -> None:
    assert parse_benchmark(PRINTED) == TIMES


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Perf Info", "Usage", "it printed no Perf Info, so it ran nothing"),
        ("avg   = 32.723\n", "", "is not what it should be: 'avg'"),
        ("= 32.577", "= fast", "is not what it should be"),
        ("power_mode: 0", "power_mode: 9", "is not what it should be"),
        ("mean value: 0.001", "mean value: nan", "the output tensor 0 mean value is nan"),
        ("deviation: 0.00219647", "deviation: -inf", "standard deviation is -inf"),
    ],
)
def test_what_is_no_result_is_refused(old: str, new: str, message: str) -> None:
    assert old in PRINTED
    with pytest.raises(BadFileError) as error:
        parse_benchmark(PRINTED.replace(old, new))
    assert message in str(error.value)


def test_it_is_called_with_everything_that_matters() -> None:
    shapes = [(1, 3, 8, 8), (1, 4)]
    call = BenchmarkCall(shapes=shapes, execution=ON_ARM, dtypes=("float32", "int64"))
    assert call.arguments(PurePosixPath("/d/m.nb")) == [
        *("--optimized_model_file=/d/m.nb", "--input_shape=1,3,8,8:1,4"),
        *("--input_data_type=float32:int64", "--backend=arm", "--threads=2", "--power_mode=2"),
        *("--warmup=10", "--repeats=50"),
    ]
    call = BenchmarkCall(shapes=[(1,)], execution=ON_ARM, dtypes=("float16",))
    with pytest.raises(ValueError, match=r"not .* \['float16'\]"):
        call.arguments(PurePosixPath("m.nb"))


@pytest.mark.parametrize(
    ("script", "error", "message"),
    [
        (f"cat <<'END'{PRINTED}END", None, ""),
        ("echo 'Must set --backend option!' >&2", RunnerError, "printed no Perf Info.*Must set"),
        ("kill -ABRT $$", ProgramAbortedError, "benchmark_bin at model.nb"),
    ],
)
def test_status_0_proves_nothing(
    tmp_path: Path, script: str, error: type[Exception] | None, message: str
) -> None:
    tool, model = tmp_path / "benchmark_bin", tmp_path / "model.nb"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    model.write_bytes(b"")
    transport = TRANSPORTS.get("local")(Location())
    call = BenchmarkCall(shapes=[(1, 3, 8, 8)], execution=ON_ARM)
    if error is None:
        assert run_benchmark_bin(transport, tool, model, call) == TIMES
        return
    with pytest.raises(error, match=message):
        run_benchmark_bin(transport, tool, model, call)


@pytest.mark.slow
def test_a_command_converts_a_model_sends_it_and_tells_what_the_tool_says(tmp_path: Path) -> None:
    """The tool is a script that prints what the documentation has: none can be built here."""
    printed = tmp_path / "printed"
    printed.write_text(PRINTED)
    tool = tmp_path / "benchmark_bin"
    tool.write_text(f'#!/bin/sh\n[ -s "${{1#*=}}" ] && cat {printed}\n')
    tool.chmod(0o755)
    arguments = ("runner", "benchmark", "mobilenet-v1", "--input-shape", "1,3,32,32")
    done = edgeslim(*arguments, "--program", tool, "--json", folder=tmp_path)
    assert done.code == 0, done.err
    assert done.document["times"]["average_ms"] == 32.723
    assert "there is no file none" in edgeslim(
        *arguments, "--program", "none", folder=tmp_path
    ).error(1)
