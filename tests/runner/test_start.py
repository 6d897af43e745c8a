"""How a model starts is measured in the process that runs it."""

from __future__ import annotations

import sys
import time

import pytest

from edgeslim.runner.program.start import Start


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
