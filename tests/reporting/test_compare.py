"""Two runs or two tables beside each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgeslim.errors import UsageError
from edgeslim.reporting.compare import report_comparison
from tests.deployment.made_up_records import made_up_record
from tests.reporting.made_up_runs import NASTY, deployed, search
from tests.reporting.pages import Tags, charts
from tests.values import convolution, row, table_at


def compared(before: Path, after: Path) -> dict[str, Any]:
    out = after.parent / "comparison.json"
    report_comparison(before, after, out=out)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def test_a_model_that_got_slower_is_named_with_its_interval(tmp_path: Path) -> None:
    before = deployed(tmp_path / "before", made_up_record(seed=1))
    after = deployed(tmp_path / "after", made_up_record(seed=2, model_ms=1.92))
    found = compared(before, after)
    assert "net, fp32, 1 thread is slower: +" in found["verdict"]
    assert found["met_target"] is False
    ratio = found["summary"][0]
    low, high = ratio["interval"]
    assert 1.1 < low < ratio["value"] < high < 1.3
    assert (ratio["unit"], ratio["good"]) == ("ratio", False)


def test_the_same_is_no_difference(tmp_path: Path) -> None:
    run = deployed(tmp_path / "run", made_up_record(seed=1))
    found = compared(run, run)
    assert found["verdict"].startswith("No significant difference")
    assert found["met_target"] is True


def test_operators_of_two_tables_are_told_apart(tmp_path: Path) -> None:
    specs = [convolution(3, 8 * width) for width in range(1, 9)]
    for name, factor in (("before", 1.0), ("after", 1.5)):
        rows = [row(spec, 0.1 * place) for place, spec in enumerate(specs, 1)]
        again = [row(spec, 0.101 * place) for place, spec in enumerate(specs, 1)]
        slow = [row(specs[0], 0.1 * factor), row(specs[0], 0.101 * factor)]
        table_at(tmp_path / f"{name}.jsonl", *slow, *rows[1:], *again[1:])
    found = compared(tmp_path / "before.jsonl", tmp_path / "after.jsonl")
    assert found["verdict"].startswith("8 operators are in both")
    assert "1 got slower and 0 faster" in found["verdict"]


@pytest.mark.parametrize("name", NASTY)
def test_names_stay_text(name: str, tmp_path: Path) -> None:
    record = made_up_record(seed=1, command=("edgeslim", name), model_path=name)
    run, out = deployed(tmp_path / "run", record), tmp_path / "comparison.html"
    report_comparison(run, run, out=out)
    page = out.read_text("utf-8")
    assert len(Tags(page).of("script")) == 1
    assert charts(page)


def test_two_of_another_kind_or_not_deployed_are_refused(tmp_path: Path) -> None:
    run = search(tmp_path / "run")
    with pytest.raises(UsageError, match=r"table\.jsonl is a latency table and .*run is none"):
        report_comparison(run, run / "table.jsonl")
    with pytest.raises(UsageError, match="run was not deployed yet: edgeslim deploy "):
        report_comparison(run, run)
