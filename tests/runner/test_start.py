"""How a model starts is measured in the process that runs it."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import pytest

from edgeslim.runner.program import page_cache, start
from edgeslim.runner.program.start import Start

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - what it is for


def test_loading_feeding_and_the_first_run_are_told_apart() -> None:
    start = Start()
    before = time.perf_counter_ns()
    start.note_loaded()
    while time.perf_counter_ns() == before:
        pass
    start.note_fed()
    found = start.summarize()
    whole = time.perf_counter_ns() - before
    assert found["load_ns"] > 0
    assert 0 < found["first_run_ns"] < whole


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is what Linux says of a process")
def test_the_peak_counts_although_the_memory_was_given_back() -> None:
    start = Start()
    block = bytearray(b"x" * (64 << 20))
    del block
    found = start.summarize()["memory_kb"]
    assert 60 << 10 < found < 200 << 10
    again = Start().summarize()["memory_kb"]
    assert again < 8 << 10, "an earlier peak is none of the next model's"


def test_a_device_that_says_nothing_of_memory_leaves_it_unknown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("_STATUS", "_CLEAR", "_SCHEDULED"):
        monkeypatch.setattr(start, name, str(tmp_path / "none" / name))
    watch = Start(is_alone=True)
    watch.note_loaded()
    watch.note_fed()
    found = watch.summarize()
    assert found["load_ns"] > 0
    said = ("memory_kb", "loaded_kb", "ran_kb", "peak_kb", "start_waited_ns")
    assert [found[name] for name in said] == [0] * 5


def test_a_dropped_file_is_told_from_one_that_stays(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100_000)
    page_cache.warm([str(path)])
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
    # Whether a file system can drop files is its own; that it is said is not.
    kept = page_cache.drop([str(path)])
    assert kept == "" or "stay in the page cache" in kept
    missing = page_cache.drop([str(tmp_path / "none")])
    assert missing.startswith("the page cache cannot be dropped: ")


@pytest.mark.skipif(not IN_MEMORY.is_dir(), reason="there is no file system in memory")
def test_a_file_system_in_memory_keeps_its_files() -> None:
    with tempfile.NamedTemporaryFile(dir=IN_MEMORY) as file:
        file.write(b"x" * 200_000)
        file.flush()
        assert page_cache.drop([file.name]).endswith("pages of the file stay in the page cache")
