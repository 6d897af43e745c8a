"""A model beside its baseline, with limits: exit codes, the document, and the history."""

from __future__ import annotations

import pytest

from edgeslim.runs.deployment_history import read_history
from edgeslim.runs.deployment_records import Known, ModelRole
from tests.cli.conftest import Workshop

pytestmark = pytest.mark.slow

DEPLOY = ("deploy", "net", "--baseline", "net", "--rounds", "2", "--out", "proved")

FOREVER = "1000000h"
"""A limit that is met whatever a busy machine does to three starts."""


def test_a_deployment_with_a_baseline_is_judged_and_written_down_each_time(
    workshop: Workshop,
) -> None:
    limits = ("--table", "host.jsonl", "--assert-latency", "10s", "--assert-speedup", "0.01")
    done = workshop(*DEPLOY, *limits, "--json")
    assert done.code == 0, done.err
    document = done.document
    (model,) = document["models"]
    low, high = document["speedup_interval"]
    assert 0 < low < document["speedup"] < high
    assert (model["speedup"], model["speedup_interval"]) == (document["speedup"], [low, high])
    assert document["baseline"]["name"] == "net"
    assert document["baseline"]["optimized"] == "proved/baseline.net.x86.nb"
    assert [each["met"] for each in document["gates"]] == [True, True]
    assert document["record"] == "proved/deployments.jsonl"

    again = ("deploy", "net", "--rounds", "1", "--out", "proved", "--assert-latency", "1us")
    missed = workshop(*again)
    line = missed.error(1)
    assert line.startswith("--assert-latency 0.001ms: net in fp32 with 1 thread takes ")
    assert line.endswith("over the limit of 1.00 us")
    assert "added to proved/deployments.jsonl" in missed.out

    first, second = read_history(workshop.folder / "proved")
    assert first.id == document["record_id"]
    assert first.command == ("edgeslim", *DEPLOY, *limits, "--json")
    assert (
        str(workshop.folder) not in (workshop.folder / "proved" / "deployments.jsonl").read_text()
    )
    assert [gate.met for gate in second.gates] == [False]
    mine, baseline = first.models
    assert (mine.role, baseline.role) == (ModelRole.MODEL, ModelRole.BASELINE)
    assert mine.id != baseline.id
    assert {operator.known for operator in mine.operators} == {Known.MEASURED}
    assert {operator.known for operator in second.models[0].operators} == {Known.NO_TABLE}
    assert mine.predicted_ms is not None
    assert mine.latency_ms == model["measured_ms"]
    assert mine.samples == model["samples"]
    assert len(first.rounds) >= 2
    for number, turn in enumerate(first.rounds):
        order = (mine.id, baseline.id)[:: -1 if number % 2 else 1]
        assert turn.order == (*order, *order[::-1])
        assert turn.state is not None
    assert first.table is not None
    assert first.device.hardware
    assert first.versions.library.startswith("v2.13")


def test_each_limit_has_a_verdict_and_one_that_is_not_decided_is_a_gap(workshop: Workshop) -> None:
    limits = (
        "--max-memory",
        "1G",
        "--max-growth",
        "1G",
        "--max-load",
        FOREVER,
        "--max-first",
        FOREVER,
    )
    options = ("--rounds", "1", "--soak", "20", "--patience", "1ms", "--json")
    done = workshop(
        *("deploy", "net", "--out", "limited", *options, *limits, "--target-p999", FOREVER)
    )
    assert done.code == 3, done.err
    tail, *others = done.document["gates"]
    assert [gate["verdict"] for gate in others] == ["PASS"] * 4
    assert tail["verdict"] == "INCONCLUSIVE"
    assert tail["decides"].endswith("runs, none of them longer")
    (model,) = done.document["models"]
    assert 0 < model["runtime_memory_mb"] < model["process_peak_mb"]
    assert (model["soak"]["runs"], len(model["soak"]["memory_mb"])) == (20, 20)
