"""Noise to the bit, and what the native runner makes of damaged arrays and batches."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgeslim.runner
from edgeslim.runner.batch_file import write_batch
from edgeslim.runner.program.noise import make_input, noise
from tests.tools import program

pytestmark = pytest.mark.slow

SOURCES = Path(edgeslim.runner.__file__).parent / "native"
PROBE = Path(__file__).with_name("native_probe.cpp")
STRICT = ("-std=c++11", "-O0", "-g", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined")
EXAMPLES = settings(max_examples=60)  # each starts a process


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The headers in a small program that stops at any access beyond its memory."""
    result = tmp_path_factory.mktemp("probe") / "native_probe"
    subprocess.run(
        [program("g++"), *STRICT, f"-I{SOURCES}", "-o", result, PROBE], check=True, timeout=300
    )
    return result


def ask(probe: Path, *arguments: object, content: bytes = b"") -> tuple[int, bytes]:
    """Status and answer; whatever the sanitizers say is a failure."""
    completed = subprocess.run(
        [probe, *map(str, arguments)], input=content, capture_output=True, timeout=60, check=False
    )
    assert completed.returncode in {0, 3}, completed.stderr
    assert b"runtime error" not in completed.stderr, completed.stderr
    return completed.returncode, completed.stdout or completed.stderr


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "int8"])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**32 - 1])
def test_noise_is_the_same_to_the_bit(probe: Path, dtype: str, positive: bool, seed: int) -> None:
    values = noise(seed, 6000, np)
    if positive:
        values = np.abs(values) + np.float32(0.1)
    status, answer = ask(probe, "noise", dtype, seed, int(positive), 0, 20, 300)
    assert status == 0
    assert answer == values.astype(dtype).tobytes()


@pytest.mark.parametrize("dtype", ["float32", "int64", "int32", "int16", "int8", "uint8", "bool"])
@pytest.mark.parametrize("below", [1, 2, 10, 101])
def test_whole_numbers_are_the_same_to_the_bit(probe: Path, dtype: str, below: int) -> None:
    below = min(below, 2) if dtype == "bool" else below
    given = {"shape": [20, 300], "dtype": dtype, "seed": 5, "below": below, "file": ""}
    values = make_input(given, {}, np)
    assert set(np.unique(values).tolist()) == set(range(below))
    status, answer = ask(probe, "noise", dtype, 5, 0, below, 20, 300)
    assert status == 0
    assert answer == values.tobytes()


def test_noise_is_what_the_protocol_says() -> None:
    """In whole numbers of Python's, which know no types that could wrap."""
    mask = 2**64 - 1
    for seed, index in [(0, 0), (3, 17), (2**32 - 1, 4095)]:
        z = ((seed << 32 | index) + 0x9E3779B97F4A7C15) & mask
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
        z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
        z ^= z >> 31
        total = sum(z >> shift & 0xFFFF for shift in (0, 16, 32, 48)) - 131070
        assert noise(seed, index + 1, np)[index] == np.float32(total / 37837.227)


@EXAMPLES
@given(data=st.data())
def test_arrays_that_were_damaged_harm_nothing(probe: Path, data: st.DataObject) -> None:
    stream = io.BytesIO()
    np.save(stream, np.arange(6, dtype="float32"))
    content = bytearray(stream.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    ask(probe, "npy", content=bytes(content[: data.draw(st.integers(0, len(content)))]))


def batch(folder: Path) -> Path:
    path = folder / "batch"
    write_batch(path, (), None, threads=1, power_mode=3)
    return path


def test_a_batch_is_read(probe: Path, tmp_path: Path) -> None:
    assert ask(probe, "batch", batch(tmp_path)) == (0, b"0 0")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"protocol":3', b'"protocol":2', b"the manifest has protocol 2; this runner speaks 3"),
        (b'"threads":1', b'"threads":0', b"threads is out of range"),
        (b'"threads":1', b'"threads":"1"', b"threads is no whole number"),
        (b'"threads":1', b'"thread":1', b"threads is missing"),
        (b'"power_mode":3', b'"power_mode":9', b"power_mode is out of range"),
        (b'"files":[]', b'"files":[{"name":"a","size":1}]', b"did not arrive whole"),
        (b'"files":[]', b'"files":[{"name":"a","size":-1}]', b"size is below zero"),
        (b'"files":[]', b'"files":[[]]', b"no object around size"),
        (b"}\n", b"}\nx", b"did not arrive whole: its checksum differs"),
        (b"}\n", b"\n", b"does not begin with a manifest"),
    ],
)
def test_a_batch_that_cannot_be_meant_is_refused(
    probe: Path, tmp_path: Path, old: bytes, new: bytes, message: bytes
) -> None:
    path = batch(tmp_path)
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    status, answer = ask(probe, "batch", path)
    assert status == 3
    assert message in answer


@EXAMPLES
@given(data=st.data())
def test_a_batch_that_was_cut_anywhere_is_refused(
    probe: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = batch(tmp_path_factory.mktemp("cut"))
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 2))])
    assert ask(probe, "batch", path)[0] == 3
