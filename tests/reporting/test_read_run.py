"""What a folder is found to be, and what is said of one that is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeslim.errors import BadFileError, UsageError
from edgeslim.reporting.evidence import Kind
from edgeslim.reporting.read_run import read_run
from tests.reporting.made_up_runs import compression, deployed, deployment, pruning, search

KINDS = [
    (search, Kind.SEARCH),
    (pruning, Kind.PRUNING),
    (compression, Kind.COMPRESSION),
    (deployed, Kind.DEPLOYMENTS),
]


@pytest.mark.parametrize(("make", "kind"), KINDS)
def test_a_folder_is_what_is_in_it(
    make: Callable[[Path], Path], kind: Kind, tmp_path: Path
) -> None:
    found = read_run(make(tmp_path / "run"))
    assert (found.kind, found.name) == (kind, "run")
    told = (found.search, found.pruning, found.compression)
    assert [each is not None for each in told] == [
        kind is each for each in (Kind.SEARCH, Kind.PRUNING, Kind.COMPRESSION)
    ]


@pytest.mark.parametrize(("make", "kind"), KINDS)
def test_deployments_are_found_wherever_they_are_in_a_run(
    make: Callable[[Path], Path], kind: Kind, tmp_path: Path
) -> None:
    run = make(tmp_path / "run")
    first, second = deployment(id="1", created="2026-01-01"), deployment(id="2", created="2026-02")
    deployed(run / "deployment", second, first)
    found = read_run(run)
    ids = [each.id for each in found.deployments if each.id in {"1", "2"}]
    assert ids == ["1", "2"]
    assert found.kind is kind


def test_a_file_of_a_history_is_a_run_too(tmp_path: Path) -> None:
    run = deployed(tmp_path / "run")
    assert read_run(run / "deployments.jsonl").kind is Kind.DEPLOYMENTS


def test_a_table_that_is_gone_is_no_error(tmp_path: Path) -> None:
    assert read_run(deployed(tmp_path / "run")).tables == ()


def test_tables_are_called_as_the_run_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search(tmp_path / "runs" / "first")
    monkeypatch.chdir(tmp_path)
    (known,) = read_run(Path("runs/first")).tables
    assert known.table.path == Path("runs/first/table.jsonl")


def test_of_a_search_the_tables_are_its_own(tmp_path: Path) -> None:
    (known,) = read_run(search(tmp_path / "run")).tables
    assert known.table.path.name == "table.jsonl"


def test_what_is_not_there_or_no_run_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere does not exist; give the folder of a search"):
        read_run(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"no search\.json .* no pruning\.json .* deployments"):
        read_run(tmp_path)


BROKEN = {
    "search.json": r"search\.json: .*",
    "pruning.json": r"pruning\.json: .*",
    "result.json": r"result\.json: .*",
    "deployments.jsonl": r"deployments\.jsonl:1: ",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_named_with_its_place(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text('{"row":"deployment","schema":1}\n')
    with pytest.raises(BadFileError, match=BROKEN[name]):
        read_run(tmp_path)


def test_a_broken_record_is_named_with_its_line(tmp_path: Path) -> None:
    run = deployed(tmp_path / "run", deployment(id="1"), deployment(id="2"))
    file = run / "deployments.jsonl"
    first, second = file.read_text().splitlines()
    file.write_text(f"{first}\n{second[:-9]}\n")
    with pytest.raises(BadFileError, match=r"deployments\.jsonl:2: "):
        read_run(run)
