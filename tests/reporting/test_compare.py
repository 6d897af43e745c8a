"""Two runs or two tables beside each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeslim.errors import UsageError
from edgeslim.files import read_json, write_json
from edgeslim.reporting.compare import report_comparison
from edgeslim.runs.pruning_result import Pruning
from edgeslim.training.metric_value import MetricValue
from tests.deployment.made_up_records import made_up_record
from tests.reporting.made_up_runs import NASTY, deployed, pruning, search
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
    start = "No difference that counts: net, fp32, 1 thread takes +0.0"
    assert found["verdict"].replace("\N{NO-BREAK SPACE}", " ").startswith(start)
    assert "which the rounds do not tell from none (p 1)" in found["verdict"]
    assert found["met_target"] is True


def test_difference_below_that_of_two_days_says_so(tmp_path: Path) -> None:
    before = deployed(tmp_path / "before", made_up_record(seed=1, rounds=60))
    after = deployed(tmp_path / "after", made_up_record(seed=2, rounds=60, model_ms=1.6 * 1.009))
    found = compared(before, after)
    said = found["verdict"].replace("\N{NO-BREAK SPACE}", " ")
    assert "within the 1.5 % by which the same model differs from deployment to deployment" in said
    (table,) = tables_of(found, "latency")
    assert table["rows"][0][keys_of(table).index("margin")] == 0.015
    assert table["rows"][0][keys_of(table).index("p_value")] < 0.05


def test_baselines_that_differ_are_not_compared(tmp_path: Path) -> None:
    record = made_up_record(seed=2, model_ms=1.61)
    other = msgspec.structs.replace(record.models[1], name="second", sha256="another", operators=())
    before = deployed(tmp_path / "before", made_up_record(seed=1))
    after = deployed(
        tmp_path / "after", msgspec.structs.replace(record, models=(record.models[0], other))
    )
    found = compared(before, after)
    assert "baseline" not in found["verdict"]
    assert [fact["key"] for fact in found["summary"]] == ["ratio", "size_bytes"]


def test_runs_are_in_the_order_of_time_with_accuracy_and_size(tmp_path: Path) -> None:
    older, newer = pruning(tmp_path / "older"), pruning(tmp_path / "newer")
    result = read_json(newer / "result.json", Pruning)
    judged = {"after": MetricValue(value=0.93, examples=300, low=0.9, high=0.95)}
    write_json(
        newer / "result.json", msgspec.structs.replace(result, metric_after=0.93, judged=judged)
    )
    deployed(older, made_up_record(seed=1))
    deployed(newer, made_up_record(seed=2, model_ms=1.3, created="2026-11-27T01:00:00+00:00"))
    found = compared(newer, older)
    assert "is faster" in found["verdict"], "the newer is the second, however they are given"
    accuracy = next(fact for fact in found["summary"] if fact["key"] == "accuracy")
    assert (accuracy["value"], accuracy["interval"]) == (0.93, [0.9, 0.95])
    said = accuracy["note"].replace("\N{NO-BREAK SPACE}", " ")
    assert said == "after of 300 examples; before: 88.0 %"
    (table,) = tables_of(found, "sides")
    kept = [keys_of(table).index(key) for key in ("when", "accuracy", "accuracy_interval")]
    assert [[row[place] for place in kept] for row in table["rows"]] == [
        ["before", 0.88, None],
        ["before", None, None],
        ["after", 0.93, [0.9, 0.95]],
        ["after", None, None],
    ]


def tables_of(found: dict[str, Any], section: str) -> list[dict[str, Any]]:
    blocks = next(part["blocks"] for part in found["sections"] if part["key"] == section)
    return [block for block in blocks if "rows" in block]


def keys_of(table: dict[str, Any]) -> list[str]:
    return [column["key"] for column in table["columns"]]


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
