"""Models of several runs beside each other in one report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.errors import UsageError
from edgeslim.execution import Target
from edgeslim.reporting.side_by_side import report_side_by_side
from edgeslim.runs.deployment_records import (
    AccuracyRecord,
    DeploymentRecord,
    DeviceRecord,
    ModelRole,
    SpeedupRecord,
)
from tests.deployment.made_up_records import made_up_model, made_up_record, made_up_rounds
from tests.reporting.made_up_runs import deployed


def record_of(
    name: str, latency_ms: float, accuracy: float | None, *, beside: str = "", **fields: Any
) -> DeploymentRecord:
    """A deployment of a model, beside another one if that is named."""
    generator = np.random.default_rng(1)
    model = made_up_model(
        id=f"{name}.x86.1",
        name=name,
        rounds=made_up_rounds(generator, latency_ms, 4),
        size_bytes=int(1e6 * latency_ms),
        latency_interval_ms=(0.9 * latency_ms, 1.1 * latency_ms),
        fastest=True,
    )
    baselines = []
    speedups: tuple[SpeedupRecord, ...] = ()
    if beside:
        rounds = made_up_rounds(generator, 2.0, 4)
        baseline = f"{beside}.x86.1"
        baselines = [
            made_up_model(id=baseline, name=beside, role=ModelRole.BASELINE, rounds=rounds)
        ]
        speedups = (
            SpeedupRecord(
                model=model.id,
                baseline=baseline,
                ratio=1.25,
                interval=(1.2, 1.3),
                level=0.95,
                rounds=4,
                method="made up",
            ),
        )
    known = None if accuracy is None else AccuracyRecord(metric="top1", value=accuracy)
    return made_up_record(models=(model, *baselines), speedups=speedups, accuracy=known, **fields)


def document_of(*runs: Path) -> dict[str, Any]:
    out = runs[0].parent / "models.json"
    report_side_by_side(runs, out=out)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def table_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the table of all models, by column."""
    (table,) = [block for block in blocks(document, "models") if block["block"] == "table"]
    keys = [column["key"] for column in table["columns"]]
    return [dict(zip(keys, row, strict=True)) for row in table["rows"]]


def blocks(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    (section,) = [section for section in document["sections"] if section["key"] == key]
    found: list[dict[str, Any]] = section["blocks"]
    return found


def test_each_model_has_a_row_and_a_point(tmp_path: Path) -> None:
    first = deployed(tmp_path / "net", record_of("net", 2.0, 0.91))
    pruned = deployed(tmp_path / "pruned", record_of("pruned", 1.6, 0.89, beside="net"))
    found = document_of(first, pruned)
    rows = table_of(found)
    assert [row["run"] for row in rows] == ["net", "pruned"]
    assert [row["accuracy"] for row in rows] == [0.91, 0.89]
    assert [row["speedup"] for row in rows] == [None, 1.25]
    assert rows[1]["speedup_interval"] == [1.2, 1.3]
    assert "device" not in rows[0]
    assert found["verdict"].startswith("pruned is the fastest (1.6")
    assert "net the most accurate (91" in found["verdict"]
    assert "pruned the smallest" in found["verdict"]
    pictures = [block["title"] for block in blocks(found, "charts")]
    assert pictures == ["Accuracy over latency", "Accuracy over size"]
    (again,) = blocks(found, "commands")
    assert again["commands"] == [f"edgeslim deploy {first} {pruned}"]


def test_what_was_not_measured_together_is_told(tmp_path: Path) -> None:
    first = deployed(tmp_path / "net", record_of("net", 2.0, 0.91))
    other = deployed(
        tmp_path / "other",
        record_of("other", 1.6, None, beside="net", created="2026-11-27T01:00:00+00:00"),
    )
    found = document_of(first, other)
    assert "speedup" not in table_of(found)[1], "a ratio over another day's model is none"
    (doubts,) = [block for block in blocks(found, "models") if block["block"] == "items"]
    assert "measured at different times" in doubts["items"][0]
    (absent,) = blocks(found, "charts")
    assert absent["command"] == f"edgeslim deploy {other} --evaluate TASK"
    assert "accurate" not in found["verdict"]


def test_different_devices_are_named(tmp_path: Path) -> None:
    phone = DeviceRecord(name="phone", target=Target.ARM, hardware="a phone")
    first = deployed(tmp_path / "net", record_of("net", 2.0, 0.91))
    other = deployed(tmp_path / "other", record_of("other", 1.6, 0.91, device=phone))
    found = document_of(first, other)
    assert [row["device"] for row in table_of(found)] == ["host", "phone"]
    (doubts,) = [block for block in blocks(found, "models") if block["block"] == "items"]
    assert doubts["items"] == ["They were measured on different devices: host and phone."]
    assert "none surely more accurate" in found["verdict"]


def test_a_model_that_was_not_deployed_is_named_with_the_command(tmp_path: Path) -> None:
    first = deployed(tmp_path / "net", record_of("net", 2.0, 0.91))
    (tmp_path / "trained").mkdir()
    (tmp_path / "trained" / "model.pdmodel").touch()
    with pytest.raises(UsageError, match=r"was not deployed yet: edgeslim deploy .*trained"):
        document_of(first, tmp_path / "trained")
    with pytest.raises(UsageError, match="is given twice"):
        document_of(first, tmp_path / "trained" / ".." / "net")
