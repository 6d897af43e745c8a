"""Limits that are judged, and the lines that say by how much they are missed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edgeslim.deployment.deploy import deploy
from edgeslim.deployment.gates import NO_GATES, Gates, judge_gates
from edgeslim.errors import UsageError
from edgeslim.runs.deployment_records import ModelRecord, ModelRound, SpeedupRecord
from edgeslim.runs.start_records import SoakRecord, StartRecord, StartsRecord
from tests.deployment.made_up_records import made_up_model


def model_of(*medians_ms: float, disturbed: str = "", **fields: Any) -> ModelRecord:
    """A model with a round of so many samples for each median."""
    rounds = tuple(
        ModelRound(round=number, samples_ns=(int(1e6 * value),) * 20, disturbed=disturbed)
        for number, value in enumerate(medians_ms)
    )
    return made_up_model(**{"rounds": rounds, "fastest": True, **fields})


MODEL = model_of(23.3, 23.4, 23.4, 23.4, 23.4, 23.41, 23.41, 23.42, 23.42, 23.42, 23.43, 23.6)
SPEEDUP = SpeedupRecord(
    model=MODEL.id,
    baseline="baseline:first.x86.1",
    ratio=1.153,
    interval=(1.14, 1.167),
    level=0.95,
    rounds=12,
    method="",
)
START = StartRecord(cold=False, load_ms=40.0, first_run_ms=30.0, own_mb=30.0, peak_mb=110.0)


def started(*starts: StartRecord, **fields: Any) -> ModelRecord:
    return model_of(10.0, 10.1, 10.2, starts=StartsRecord(starts=starts), **fields)


def test_a_missed_latency_says_value_interval_limit_and_by_how_much() -> None:
    (gate,) = judge_gates(Gates(latency_ms=20.0), [MODEL], [SPEEDUP])
    assert (gate.outcome, gate.met) == ("FAIL", False)
    assert gate.asked == "--assert-latency 20ms"
    assert re.fullmatch(
        r"net in fp32 with 1 thread takes 23\.41 ms \(23\.\d\d ms to 23\.\d\d ms\), "
        r"3\.41 ms \(17\.1%\) over the limit of 20\.00 ms",
        gate.line,
    )


def test_a_missed_speedup_says_the_same() -> None:
    (gate,) = judge_gates(Gates(speedup=1.2), [MODEL], [SPEEDUP])
    assert (gate.outcome, gate.met) == ("FAIL", False)
    assert gate.asked == "--assert-speedup 1.2"
    assert gate.line == (
        "net in fp32 with 1 thread is 1.153 times as fast as the baseline (1.136 to 1.170), "
        "0.047 (3.9%) below the limit of 1.2"
    )


@pytest.mark.parametrize(
    ("limit_ms", "outcome"),
    [(30.0, "PASS"), (23.42, "INCONCLUSIVE"), (23.40, "INCONCLUSIVE"), (22.0, "FAIL")],
)
def test_a_latency_is_decided_by_its_interval(limit_ms: float, outcome: str) -> None:
    (gate,) = judge_gates(Gates(latency_ms=limit_ms), [MODEL], [])
    assert gate.outcome == outcome
    assert gate.met is (limit_ms >= 23.41)
    assert ("what would decide it" in gate.line) is (outcome == "INCONCLUSIVE")


def test_what_other_programs_disturbed_may_pass_and_never_fail() -> None:
    busy = model_of(23.3, 25.0, 23.41, 30.0, 23.5, 24.0, 23.4, 27.0, disturbed="busy")
    outcomes = [
        judge_gates(Gates(latency_ms=limit), [busy], [])[0].outcome for limit in (100.0, 1.0)
    ]
    assert outcomes == ["PASS", "INCONCLUSIVE"]


@pytest.mark.parametrize(
    ("limit", "outcome"),
    [(1.1, "PASS"), (1.15, "INCONCLUSIVE"), (1.16, "INCONCLUSIVE"), (1.2, "FAIL")],
)
def test_a_speedup_likewise(limit: float, outcome: str) -> None:
    (gate,) = judge_gates(Gates(speedup=limit), [MODEL], [SPEEDUP])
    assert gate.outcome == outcome
    assert (" above the limit" in gate.line) is (limit <= 1.153)


def test_memory_and_start_have_limits_of_their_own() -> None:
    starts = [replace(START, peak_mb=110.0 + size) for size in (0.0, 0.1, 0.0, 0.05)]
    gates = Gates(memory_mb=90.0, load_ms=30.0, first_ms=100.0)
    load, first, memory = judge_gates(gates, [started(*starts)], [])
    assert (load.asked, load.outcome) == ("--max-load 30ms", "FAIL")
    assert "is loaded from the page cache in 40.00 ms" in load.line
    assert (first.asked, first.outcome) == ("--max-first 100ms", "PASS")
    assert (memory.asked, memory.outcome) == ("--max-memory 90M", "PASS")
    assert memory.found == pytest.approx(80.025)


def test_starts_of_which_few_were_quiet_can_pass_a_limit_and_not_fail_it() -> None:
    disturbed = replace(START, waited_ms=30.0)
    starts = [START, replace(disturbed, load_ms=60.0), replace(disturbed, load_ms=50.0)]
    for limits, outcome in (
        (Gates(load_ms=1e6, first_ms=1e6), "PASS"),
        (Gates(load_ms=1.0, first_ms=1.0), "INCONCLUSIVE"),
    ):
        assert [gate.outcome for gate in judge_gates(limits, [started(*starts)], [])] == [
            outcome,
            outcome,
        ]


def test_memory_counts_what_a_soak_added() -> None:
    soak = SoakRecord(runs=1000, first_peak_mb=110.0, peak_mb=160.0)
    model = started(START, START, START, soak=soak)
    (gate,) = judge_gates(Gates(memory_mb=90.0), [model], [])
    assert gate.outcome == "FAIL"
    assert "130.0 MB of memory with its runtime in 1,000 runs" in gate.line


def test_a_device_that_says_nothing_of_memory_decides_nothing() -> None:
    (gate,) = judge_gates(
        Gates(memory_mb=90.0), [started(replace(START, own_mb=0.0, peak_mb=0.0))], []
    )
    assert (gate.outcome, gate.interval) == ("INCONCLUSIVE", None)
    assert gate.line.endswith("what would decide it: a device and a runner that say it")


@pytest.mark.parametrize(
    ("late", "limit_ms", "outcome"),
    [(0, 25.0, "PASS"), (60, 25.0, "FAIL"), (20, 25.0, "INCONCLUSIVE"), (60, 50.0, "PASS")],
)
def test_a_quantile_is_judged_by_the_runs_that_take_longer(
    late: int, limit_ms: float, outcome: str
) -> None:
    samples = [20_000_000] * 2000
    for place in range(late):
        samples[(place * 2000) // max(late, 1)] = 40_000_000
    model = model_of(20.0, rounds=(ModelRound(round=0, samples_ns=tuple(samples)),))
    (gate,) = judge_gates(Gates(p99_ms=limit_ms), [model], [])
    assert gate.outcome == outcome
    shown = late if limit_ms < 40 else 0
    assert gate.line.startswith(f"{shown} of 2,000 runs of net")


def test_the_fastest_way_is_judged() -> None:
    slow = model_of(50.0, 50.1, id="net.x86.2", threads=2, fastest=False)
    gates = judge_gates(Gates(latency_ms=25.0, speedup=1.1), [slow, MODEL], [SPEEDUP])
    assert [gate.model for gate in gates] == [MODEL.id, MODEL.id]
    assert [gate.outcome for gate in gates] == ["PASS", "PASS"]
    assert judge_gates(NO_GATES, [slow, MODEL], [SPEEDUP]) == ()


def test_a_speedup_that_there_is_none_of_is_not_met() -> None:
    (gate,) = judge_gates(Gates(speedup=1.1), [MODEL], [])
    assert (gate.outcome, gate.met) == ("FAIL", False)
    assert "no speed-up to compare with" in gate.line


@pytest.mark.parametrize(
    ("fields", "option"),
    [
        ({"latency_ms": 0.0}, "--assert-latency"),
        ({"speedup": -1.0}, "--assert-speedup"),
        ({"speedup": float("inf")}, "--assert-speedup"),
        ({"speedup": float("nan")}, "--assert-speedup"),
        ({"p99_ms": 0.0}, "--target-p99"),
        ({"memory_mb": -1.0}, "--max-memory"),
    ],
)
def test_a_limit_that_is_none_is_refused(fields: dict[str, float], option: str) -> None:
    with pytest.raises(UsageError, match=f"{option} must be above 0"):
        Gates(**fields)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"gates": Gates(speedup=1.2)}, "--assert-speedup needs something to be faster than"),
        (
            {"gates": Gates(speedup=1.2), "baseline": "none"},
            "net does not say what it was made from; name it with --baseline",
        ),
        (
            {"gates": Gates(speedup=1.2), "baseline": "net", "rounds": 1},
            "--rounds of at least 2",
        ),
        ({"rounds": 0}, "--rounds must be at least 1, not 0"),
        ({"soak": 0}, "--soak must be at least 1, not 0"),
        ({"gates": Gates(growth_kb=1.0)}, "--max-growth is of a soak"),
        ({"baseline": "ent"}, "unknown model 'ent'"),
        ({"baseline": "start"}, "--baseline start is the start of a search's space"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_a_device_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net").mkdir()
    for name in ("model.pdmodel", "model.pdiparams"):
        Path("net", name).write_bytes(b"")
    with pytest.raises(UsageError, match=message):
        deploy("net", device="no such device", out=tmp_path / "out", **wanted)
    assert not (tmp_path / "out").exists()
