"""Timing of one model in one cache state: samples until the median is accurate enough."""

from __future__ import annotations

import time
from typing import List

from .models import Model, Tools
from .pace import Sweep, has_run_here, is_interrupted
from .results import Message

INTERRUPTED = 0.4
"""Share of samples that waited for a core above which their median is not reliable."""

ATTEMPTS = 3
"""How often a model is timed in one cache state while something disturbs it, at most."""


def measure_undisturbed(state: Message, model: Model, tools: Tools) -> Message:
    """Times a model in one cache state, and again while the device is disturbed.

    Without a reference, or without patience from the start, nobody waits for better moments, and
    once is enough.
    """
    best: Message = {}
    for _ in range(ATTEMPTS if tools.pace.is_patient else 1):
        before = tools.pace.wait_until_settled()
        message = measure(state, model, tools.sweep)
        after = tools.pace.now()
        share = len(message["interrupted"]) / len(message["samples_ns"])
        message["reference_ns"] = [before, after]
        message["disturbed"] = ""
        if tools.pace.is_slow(max(before, after)):
            message["disturbed"] = "the device was slow"
        elif share > INTERRUPTED:
            # A short reference runs between the other programs and sees nothing.
            message["disturbed"] = f"other programs interrupted {share:.0%} of the runs"
        if not best or max(before, after) < max(best["reference_ns"]):
            best = message
        if not message["disturbed"]:
            return message
    return best


def measure(state: Message, model: Model, sweep: Sweep) -> Message:
    """Repeats until there are enough samples, enough time and a small enough spread."""
    swept = state["swept_bytes"]
    clock, worked = time.perf_counter_ns, time.thread_time_ns
    run = model.run
    for _ in range(state["warmup"]):
        if model.is_fed_anew:
            model.feed()
        run()
    started = clock()
    samples: List[int] = []
    interrupted: List[int] = []
    while True:
        if swept:
            sweep(swept)
        if swept or model.is_fed_anew:
            model.feed()
        work = worked()
        before = clock()
        run()
        taken = clock() - before
        had = worked() - work
        # A short run fits between two interruptions and its median is right; a long one
        # waits for other programs every time, which no median removes.
        if is_interrupted(taken, had):
            if state.get("core_time") and has_run_here(taken, had):
                taken = had
            else:
                interrupted.append(len(samples))
        samples.append(taken)
        spent = (clock() - started) / 1e9
        if len(samples) >= state["maximum_samples"]:
            break
        if spent >= state["maximum_s"] and len(samples) >= 3:
            break
        if len(samples) < state["minimum_samples"] or spent < state["minimum_s"]:
            continue
        if relative_error(samples) <= state["relative_error"]:
            break
    return {
        "swept_bytes": swept,
        "warmup": state["warmup"],
        "samples_ns": samples,
        "interrupted": interrupted,
    }


def relative_error(samples: List[int]) -> float:
    """Standard error of the median over the median, from the middle half of the samples."""
    ordered = sorted(samples)
    count = len(ordered)
    half = (ordered[(3 * count) // 4] - ordered[count // 4]) / 2.0
    return float(1.858 * half / ordered[count // 2] / count**0.5)
