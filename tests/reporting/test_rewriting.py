"""The report's section on the form that a model was deployed in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edgeslim.reporting.report import report
from edgeslim.runs.rewriting_record import KindRecord, RewritingRecord, TakenRecord
from tests.reporting.made_up_runs import deployed, deployment

FOUND: dict[str, Any] = {
    "model": "net",
    "device": "host",
    "table": "t.jsonl",
    "folder": "net",
    "kept": True,
    "reason": "",
    "taken": (
        TakenRecord(equivalence="swish-by-sigmoid", form="product", places=("a", "b"), saves_ms=2),
    ),
    "predicted_before_ms": 5.0,
    "predicted_ms": 3.0,
    "speedup": 1.6,
    "interval": (1.5, 1.7),
    "operators": (
        KindRecord(kind="swish", before=2, after=0, before_ms=2.5, after_ms=0.0),
        KindRecord(kind="conv2d", before=4, after=4, before_ms=2.0, after_ms=2.0),
    ),
    "advice": ("tanh: 20% of the time for 0.0% of the multiplications",),
}


def section(folder: Path, **changes: Any) -> list[dict[str, Any]] | None:
    """Blocks of the section in the report on a deployment; None if it is not there."""
    record = deployment(rewriting=RewritingRecord(**{**FOUND, **changes}))
    report(deployed(folder / "run", record), out=folder / "report.json")
    sections = json.loads((folder / "report.json").read_text())["sections"]
    found = {own["key"]: own["blocks"] for own in sections}
    blocks: list[dict[str, Any]] | None = found.get("rewriting")
    return blocks


def test_it_says_what_was_taken_and_what_that_saved(tmp_path: Path) -> None:
    text, forms, operators, dear = section(tmp_path) or []
    assert text["text"].startswith("Deployed in another form that computes the same")
    assert "measured 1.60 times as fast" in text["text"]
    assert forms["rows"] == [["swish-by-sigmoid", "product", 2, 2.0]]
    assert operators["rows"] == [["swish", 2, 0, 2.5, 0.0]]
    assert dear["items"] == list(FOUND["advice"])


def test_a_form_that_was_not_kept_is_said_to_be_so(tmp_path: Path) -> None:
    text, *_ = section(tmp_path, kept=False, reason="it was slower") or []
    assert text["text"].startswith("It goes out as it came, since it was slower: predicted")


def test_without_forms_and_advice_there_is_no_section(tmp_path: Path) -> None:
    assert section(tmp_path, taken=(), advice=(), kept=False, reason="none") is None
