"""The report's section on what operators take inside the network."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from edgeslim.reporting.report import report
from edgeslim.runs.inside_record import InsideOperator, InsideRecord
from tests.reporting.made_up_runs import deployed, deployment
from tests.values import convolution


def inside_of(count: int) -> InsideRecord:
    operators = tuple(
        InsideOperator(
            first=place,
            last=place,
            kinds=("conv2d",),
            latency_ms=1.0 + place,
            interval_ms=(0.9 + place, 1.1 + place),
            operator=convolution(8, 8),
            predicted_ms=1.05 + 2 * place,
        )
        for place in range(count)
    )
    total_ms = sum(own.latency_ms for own in operators)
    return InsideRecord(
        operators=operators,
        whole_ms=total_ms * 1.05,
        whole_interval_ms=(total_ms, total_ms * 1.1),
        rounds=8,
        seconds=60.0,
    )


def test_the_costliest_come_first_and_a_sum_that_is_not_the_whole_is_said(tmp_path: Path) -> None:
    record = deployment()
    model = msgspec.structs.replace(record.models[0], inside=inside_of(14))
    record = msgspec.structs.replace(record, models=(model, *record.models[1:]))
    out = tmp_path / "report.json"
    report(deployed(tmp_path / "run", record), out=out)
    sections = {own["key"]: own for own in json.loads(out.read_text())["sections"]}
    text, costliest, everything = sections["inside"]["blocks"]
    assert "-4.8%, which is NOT within 2%. 1 of 14 predictions are within" in text["text"]
    assert len(costliest["rows"]) == 12
    assert costliest["rows"][0][0] == "14"
    assert costliest["rows"][0][2] == 14.0
    assert [row[0] for row in everything["rows"]] == [f"{n}" for n in range(1, 15)]


def test_without_it_there_is_no_section(tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    report(deployed(tmp_path / "run"), out=out)
    assert "inside" not in [own["key"] for own in json.loads(out.read_text())["sections"]]
