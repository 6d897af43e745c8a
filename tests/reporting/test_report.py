"""What reports say: in order, with units and spread, and never one kind of number for another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeslim.errors import UnknownNameError, UsageError
from edgeslim.latency_rows import TableContext
from edgeslim.reporting.formats import FORMATS
from edgeslim.reporting.report import report
from edgeslim.runs.deployment_records import GateRecord
from edgeslim.runs.model_records import TailRecord
from edgeslim.runs.search_run import RunFolder
from edgeslim.runs.start_records import AloneRecord, SoakRecord, StartRecord, StartsRecord
from tests.reporting.made_up_runs import compression, deployed, deployment, pruning, search
from tests.reporting.pages import Tags, charts, page_of
from tests.values import CONTEXT

RUNS = [search, pruning, compression, deployed]


def document(run: Path, **options: Any) -> dict[str, Any]:
    out = run.parent / "report.json"
    report(run, out=out, **options)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def facts(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["key"]: each for each in found["summary"]}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return search(tmp_path_factory.mktemp("searched") / "run")


@pytest.fixture(scope="module")
def found_by_search(searched: Path) -> dict[str, Any]:
    return document(searched)


def with_table(**changes: Any) -> TableContext:
    return msgspec.structs.replace(CONTEXT, **changes)


def test_a_deployment_is_told_with_interval_spread_and_count(tmp_path: Path) -> None:
    found = document(deployed(tmp_path / "run"))
    told = facts(found)
    assert told["measured_ms"]["interval"] == [1.55, 1.65]
    assert told["measured_ms"]["origin"] == "measured"
    assert "median of 48 samples, middle half within ±" in told["measured_ms"]["note"]
    assert (told["predicted_ms"]["value"], told["predicted_ms"]["origin"]) == (1.5, "predicted")
    assert told["speedup"]["interval"] == [1.22, 1.28]
    assert told["accuracy"]["value"] == 0.75
    assert found["met_target"] is True
    assert "that meets the limit of 2.00\N{NO-BREAK SPACE}ms" in found["verdict"]


@pytest.mark.parametrize(
    ("target_ms", "met", "said"),
    [
        (1.6, True, "but its interval reaches above it"),
        (1.58, False, "but its interval reaches below it"),
        (1.0, False, "that misses the limit of 1.00\N{NO-BREAK SPACE}ms by"),
        (None, None, "takes"),
    ],
)
def test_a_limit_that_is_close_is_told_as_close(
    target_ms: float | None, met: bool | None, said: str, tmp_path: Path
) -> None:
    record = deployment()
    model = msgspec.structs.replace(record.models[0], target_ms=target_ms, met=met)
    record = msgspec.structs.replace(record, models=(model, *record.models[1:]))
    found = document(deployed(tmp_path / "run", record))
    assert said in found["verdict"]
    assert found["met_target"] is met


ORIGINS = [
    ({}, "predicted"),
    ({"provenance": "a paper"}, "imported"),
]


def test_start_tails_and_memory_stand_in_one_view(tmp_path: Path) -> None:
    starts = StartsRecord(
        starts=(
            StartRecord(
                cold=False,
                load_ms=20.0,
                first_run_ms=9.0,
                own_mb=30.0,
                loaded_mb=90.0,
                ran_mb=104.0,
                peak_mb=110.0,
            ),
        ),
        alone=(AloneRecord(own_mb=30.0, peak_mb=64.0),),
        kept="this system drops no file from its page cache",
    )
    tail = TailRecord(share=0.99, value_ms=2.5, interval_ms=(2.3, 2.9), samples=400)
    record = deployment()
    soak = SoakRecord(
        runs=1000,
        first_peak_mb=110.0,
        peak_mb=112.0,
        growth_kb=2.0,
        growth_interval_kb=(1.5, 2.5),
    )
    model = msgspec.structs.replace(record.models[0], starts=starts, soak=soak, tails=(tail,))
    record = msgspec.structs.replace(record, models=(model, *record.models[1:]))
    run = deployed(tmp_path / "run", record)
    (section,) = (one for one in document(run)["sections"] if one["key"] == "quantities")
    start, memory, note, soaked, tails = section["blocks"]
    assert _row(start) | {"load_ms": 20.0, "first_run_ms": 9.0, "starts": 1} == _row(start)
    sizes = {"memory_bytes": 80e6, "runtime_bytes": 34e6, "model_bytes": 46e6}
    assert _row(memory) | sizes == _row(memory)
    assert note["items"] == ["No start is cold: this system drops no file from its page cache."]
    grown = {"runs": 1000, "peak_bytes": 112e6, "growth_interval_kb": [1.5, 2.5]}
    assert _row(soaked) | grown == _row(soaked)
    told = {"quantile": "p99", "tail_ms": 2.5, "tail_interval_ms": [2.3, 2.9], "samples": 400}
    assert _row(tails) | told == _row(tails)


def test_limits_that_are_not_decided_are_told_apart_from_missed_ones(tmp_path: Path) -> None:
    gate = GateRecord(
        model="net.x86.1",
        asked="--max-memory 64M",
        limit=64.0,
        found=63.9,
        interval=(63.5, 64.3),
        met=True,
        line="net takes 63.9 MB",
        verdict="INCONCLUSIVE",
        decides="about 9 rounds",
    )
    found = document(deployed(tmp_path / "undecided", deployment(gates=(gate,))))
    assert "1 of 1 gates not decided" in found["verdict"]
    assert found["met_target"] is None
    failed = msgspec.structs.replace(gate, verdict="FAIL", met=False)
    found = document(deployed(tmp_path / "failed", deployment(gates=(gate, failed))))
    assert "1 of 2 gates not met" in found["verdict"]
    assert found["met_target"] is False
    lines = [
        block["items"]
        for section in found["sections"]
        for block in section["blocks"]
        if block.get("title") == "Gates"
    ]
    assert [line.split()[0] for line in lines[0]] == ["INCONCLUSIVE", "FAIL"]


def _row(table: dict[str, Any]) -> dict[str, Any]:
    """The only row of a table, by the keys of its columns."""
    (row,) = table["rows"]
    return dict(zip([column["key"] for column in table["columns"]], row, strict=True))


@pytest.mark.parametrize(("changes", "origin"), ORIGINS)
def test_a_prediction_is_worth_what_its_table_is(
    changes: dict[str, Any], origin: str, tmp_path: Path
) -> None:
    record = deployment()
    assert record.table is not None
    table = msgspec.structs.replace(record.table, context=with_table(**changes))
    run = deployed(tmp_path / "run", msgspec.structs.replace(record, table=table))
    assert facts(document(run))["predicted_ms"]["origin"] == origin
    page = page_of(run)
    marks = {str(each.get("href")) for each in Tags(page).of("use")}
    assert f"#mark-{origin}" in marks
    assert ("#mark-imported" in marks) == (origin == "imported")


@pytest.mark.parametrize("make", RUNS)
def test_a_part_that_is_missing_names_the_command_that_gives_it(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    found = document(make(tmp_path / "run"))
    blocks = [block for section in found["sections"] for block in section["blocks"]]
    absent = [block for block in blocks if block["block"] == "absent"]
    assert all(block["what"] and block["command"].startswith("edgeslim ") for block in absent)
    keys = [section["key"] for section in found["sections"]]
    assert keys == sorted(keys, key=ORDER.index)
    assert (make is deployed) != any("edgeslim deploy" in each["command"] for each in absent)


ORDER = (
    *("latency", "reasons", "agreement", "operators", "stairs", "search", "widths", "epochs"),
    *("samples", "history", "circumstances", "repeat"),
)


def test_a_search_has_its_front_and_its_path_and_names_what_failed(
    searched: Path, found_by_search: dict[str, Any]
) -> None:
    page = page_of(searched)
    kinds = [str(each.get("class")) for each in Tags(page).of("path")]
    assert {"l path", "l front", "l limit"} <= set(kinds)
    assert "candidate 4: it fell" in page
    (found,) = [each for each in found_by_search["sections"] if each["key"] == "search"]
    (table,) = [each for each in found["blocks"] if each["block"] == "table"]
    keys = [each["key"] for each in table["columns"]]
    assert [row[keys.index("measured_ms")] for row in table["rows"]] == [
        *(None, None, None),
        pytest.approx(0.26),
        None,
    ]


def test_finalists_have_the_accuracy_of_their_own_training(tmp_path: Path) -> None:
    run = search(tmp_path / "run", finalists=2, final_epochs=9)
    made = RunFolder(run).result()
    finals = {2: 0.9, 3: 0.84}
    judged = [
        msgspec.structs.replace(candidate, final_accuracy=finals.get(candidate.number))
        for candidate in made.candidates
    ]
    RunFolder(run).finish(msgspec.structs.replace(made, candidates=tuple(judged)))
    (found,) = [each for each in document(run)["sections"] if each["key"] == "search"]
    (table,) = [each for each in found["blocks"] if each["block"] == "table"]
    place = [each["key"] for each in table["columns"]].index("final_accuracy")
    assert [row[place] for row in table["rows"]] == [None, None, 0.9, 0.84, None]
    assert "the best 2 within all limits were trained by themselves, 9 epochs" in page_of(run)


def test_a_latency_without_a_spread_says_so_and_meets_nothing(
    found_by_search: dict[str, Any],
) -> None:
    found = found_by_search
    assert facts(found)["measured_ms"]["note"] == "while it was made; its spread was not kept"
    assert found["met_target"] is None


def test_networks_of_the_table_are_predicted_by_a_fit_on_the_others(
    found_by_search: dict[str, Any],
) -> None:
    found = found_by_search
    (section,) = [each for each in found["sections"] if each["key"] == "agreement"]
    (chart,) = [each for each in section["blocks"] if each["block"] == "chart"]
    origins = [row[-1] for row in chart["rows"]]
    assert sum("by a fit on its other networks" in origin for origin in origins) == 4
    assert sum("measured by the search" in origin for origin in origins) == 1


def test_the_stairs_of_a_table_are_drawn_with_knots_and_a_line(
    found_by_search: dict[str, Any],
) -> None:
    found = found_by_search
    (section,) = [each for each in found["sections"] if each["key"] == "stairs"]
    (chart,) = [each for each in section["blocks"] if each["block"] == "chart"]
    assert chart["title"] == "conv2d 3x3, 8x8, 3 channels in"
    assert [row[1] for row in chart["rows"]] == [8, 16, 24, 32]


def test_a_pruning_has_widths_before_and_after_and_what_groups_cost(tmp_path: Path) -> None:
    page = page_of(pruning(tmp_path / "run"))
    assert "group0: 16 before, 8 after" in page
    titles = {chart.findtext("{http://www.w3.org/2000/svg}title") for chart in charts(page)}
    assert titles >= {"Width of each group of channels, before and after"}
    assert titles >= {"Loss of each group of channels"}


def test_a_compression_has_its_epochs_and_what_was_done(tmp_path: Path) -> None:
    page = page_of(compression(tmp_path / "run"))
    assert "epoch 1: q: quantized" in page
    assert len(charts(page)) == 2


def test_the_history_has_all_deployments_and_nothing_else(tmp_path: Path) -> None:
    records = [deployment(id=str(day), created=f"2026-11-{day}T00:00:00+00:00") for day in (20, 21)]
    found = document(deployed(tmp_path / "run", *records), history=True)
    assert [each["key"] for each in found["sections"]] == ["history"]
    (table,) = [each for each in found["sections"][0]["blocks"] if each["block"] == "table"]
    assert len(table["rows"]) == 4
    only_one = document(deployed(tmp_path / "other"), history=True)
    assert [each["key"] for each in only_one["sections"]] == ["history"]


@pytest.mark.parametrize("make", RUNS)
@pytest.mark.parametrize("name", FORMATS.names())
def test_every_format_says_the_verdict_and_every_section(
    name: str, make: Callable[[Path], Path], tmp_path: Path
) -> None:
    done = report(make(tmp_path / "run"), format=name)
    text = Path(done.report).read_text("utf-8")
    assert Path(done.report) == tmp_path / "run" / f"report{FORMATS.get(name).suffix}"
    assert done.size_bytes == len(text.encode())
    found = json.loads(text)["verdict"] if name == "json" else text
    assert done.verdict.split(" takes ")[0] in found
    assert done.sections


def test_what_cannot_be_meant_is_one_line(tmp_path: Path) -> None:
    run = deployed(tmp_path / "run")
    with pytest.raises(UnknownNameError, match="unknown format 'pdf'; known: html, json, markdown"):
        report(run, format="pdf")
    with pytest.raises(UsageError, match=r"there is no folder .*nowhere for report\.html"):
        report(run, out=tmp_path / "nowhere" / "report.html")
    with pytest.raises(UsageError, match="is a folder; give --out the name of a file"):
        report(run, out=tmp_path, format="html")
    with pytest.raises(UsageError, match=r"report\.pdf does not say what it is; end it"):
        report(run, out=tmp_path / "report.pdf")


def test_a_run_that_is_not_finished_says_how_it_goes_on(tmp_path: Path) -> None:
    unfinished = search(tmp_path / "search")
    (unfinished / "result.json").unlink()
    found = document(unfinished)
    assert found["verdict"] == "The search is not finished yet."
    assert "edgeslim search --out" in json.dumps(found["sections"])
    unpruned = pruning(tmp_path / "pruning")
    (unpruned / "result.json").unlink()
    found = document(unpruned)
    assert found["verdict"] == "The pruning is not finished yet."
    assert "edgeslim prune net --out" in json.dumps(found["sections"])
