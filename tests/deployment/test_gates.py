"""Limits that are judged, and the lines that say by how much they are missed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgeslim.deployment.deploy import deploy
from edgeslim.deployment.gates import NO_GATES, Gates, judge_gates
from edgeslim.errors import UsageError
from edgeslim.runs.deployment_records import SpeedupRecord
from tests.deployment.made_up_records import made_up_model

MODEL = made_up_model(latency_ms=23.41, latency_interval_ms=(23.1, 23.8), fastest=True)
SPEEDUP = SpeedupRecord(
    model=MODEL.id,
    baseline="baseline:first.x86.1",
    ratio=1.153,
    interval=(1.14, 1.167),
    level=0.95,
    rounds=12,
    method="",
)


def test_a_missed_latency_says_value_interval_limit_and_by_how_much() -> None:
    (gate,) = judge_gates(Gates(latency_ms=20.0), [MODEL], [SPEEDUP])
    assert not gate.met
    assert gate.asked == "--assert-latency 20ms"
    assert gate.line == (
        "net in fp32 with 1 thread takes 23.41 ms (23.10 ms to 23.80 ms), 3.41 ms (17.1%) over "
        "the limit of 20.00 ms"
    )


def test_a_missed_speedup_says_the_same() -> None:
    (gate,) = judge_gates(Gates(speedup=1.2), [MODEL], [SPEEDUP])
    assert not gate.met
    assert gate.asked == "--assert-speedup 1.2"
    assert gate.line == (
        "net in fp32 with 1 thread is 1.153 times as fast as the baseline (1.140 to 1.167), "
        "0.047 (3.9%) below the limit of 1.2"
    )


@pytest.mark.parametrize(
    ("limit_ms", "met", "doubt"),
    [(30.0, True, False), (23.5, True, True), (23.41, True, True), (23.2, False, True)],
)
def test_the_value_decides_and_the_interval_warns(limit_ms: float, met: bool, doubt: bool) -> None:
    (gate,) = judge_gates(Gates(latency_ms=limit_ms), [MODEL], [])
    assert gate.met is met
    assert ("another run may decide otherwise" in gate.line) is doubt
    assert (" within the limit" in gate.line) is met


@pytest.mark.parametrize(
    ("limit", "met", "doubt"),
    [(1.1, True, False), (1.15, True, True), (1.16, False, True), (1.2, False, False)],
)
def test_a_speedup_likewise(limit: float, met: bool, doubt: bool) -> None:
    (gate,) = judge_gates(Gates(speedup=limit), [MODEL], [SPEEDUP])
    assert gate.met is met
    assert ("another run may decide otherwise" in gate.line) is doubt
    assert (" above the limit" in gate.line) is met


def test_the_fastest_way_is_judged() -> None:
    slow = made_up_model(id="net.x86.2", latency_ms=50.0, threads=2)
    gates = judge_gates(Gates(latency_ms=25.0, speedup=1.1), [slow, MODEL], [SPEEDUP])
    assert [gate.model for gate in gates] == [MODEL.id, MODEL.id]
    assert all(gate.met for gate in gates)
    assert judge_gates(NO_GATES, [slow, MODEL], [SPEEDUP]) == ()


def test_a_speedup_that_there_is_none_of_is_not_met() -> None:
    (gate,) = judge_gates(Gates(speedup=1.1), [MODEL], [])
    assert not gate.met
    assert "no speed-up to compare with" in gate.line


@pytest.mark.parametrize(
    ("fields", "option"),
    [
        ({"latency_ms": 0.0}, "--assert-latency"),
        ({"speedup": -1.0}, "--assert-speedup"),
        ({"speedup": float("inf")}, "--assert-speedup"),
        ({"speedup": float("nan")}, "--assert-speedup"),
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
