"""A search's folder: what was asked for, its own tables, its result."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from edgeslim.errors import BadFileError, UnwritableError, UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.runs.search_run import (
    RunFolder,
    SearchDescription,
    default_folder,
    newest_run,
)
from tests.searching.searches import SETTINGS, result_in, settings
from tests.values import relu, row, table_at

PLACE = SearchDescription(settings=SETTINGS, study="first")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return table_at(tmp_path / "host.jsonl", row(relu(8), 1.0)).path


@pytest.fixture
def run(tmp_path: Path, table: Path) -> RunFolder:
    """A search that has begun."""
    folder = RunFolder(tmp_path / "runs" / "first")
    folder.begin(PLACE, [table])
    return folder


def test_a_new_folder_has_no_search(tmp_path: Path) -> None:
    assert RunFolder(tmp_path).description() is None
    assert RunFolder(tmp_path / "none").description() is None


def test_a_search_is_found_again_as_it_was_begun(run: RunFolder) -> None:
    assert RunFolder(run.path).description() == PLACE


def test_a_settings_file_that_is_none_is_said_so(run: RunFolder) -> None:
    run.description_file.write_text('{"settings": {"space": 3}}')
    with pytest.raises(BadFileError, match=r"search\.json: Expected `str`, got `int`.*space"):
        run.description()


def test_the_table_is_copied_and_does_not_grow_with_its_original(
    run: RunFolder, table: Path
) -> None:
    LatencyTable.read(table).add(row(relu(16), 2.0))
    assert list(LatencyTable.read(run.table())) == [relu(8)]


def test_each_target_has_its_own_table(tmp_path: Path, table: Path) -> None:
    other = table_at(tmp_path / "other.jsonl", row(relu(9), 1.0)).path
    run = RunFolder(tmp_path / "two")
    run.begin(PLACE, [table, other])
    assert list(LatencyTable.read(run.table(0))) == [relu(8)]
    assert list(LatencyTable.read(run.table(1))) == [relu(9)]


def test_a_table_that_is_not_there_leaves_no_search_behind(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "first")
    with pytest.raises(BadFileError, match=r"cannot read .*none\.jsonl: No such file"):
        folder.begin(PLACE, [tmp_path / "none.jsonl"])
    assert folder.description() is None


def test_a_folder_below_a_file_takes_no_search(table: Path) -> None:
    with pytest.raises(UnwritableError, match="Not a directory"):
        RunFolder(table / "run").begin(PLACE, [table])


def test_a_result_comes_back_as_it_was(run: RunFolder) -> None:
    run.finish(result_in(run.path))
    found = RunFolder(run.path).result()
    assert found == result_in(run.path)
    assert [measured_candidate.number for measured_candidate in found.measured_candidates] == [1]


def test_a_search_without_a_result_says_how_to_go_on(run: RunFolder) -> None:
    with pytest.raises(BadFileError, match="has no result yet; start its search again"):
        run.result()


def test_without_a_folder_the_same_search_goes_on_where_it_was(run: RunFolder, table: Path) -> None:
    runs = run.path.parent
    assert default_folder(runs, SETTINGS, [table], "") == run.path
    assert default_folder(runs, settings(seed=1), [table], "") != run.path
    assert default_folder(runs, SETTINGS, [table], "postgresql://host/db") != run.path
    run.finish(result_in(run.path))
    assert default_folder(runs, SETTINGS, [table], "") != run.path


def test_without_a_folder_a_search_with_a_table_that_has_changed_is_new(
    run: RunFolder, table: Path
) -> None:
    LatencyTable.read(table).add(row(relu(16), 2.0))
    assert default_folder(run.path.parent, SETTINGS, [table], "") != run.path


def test_a_new_folder_is_called_by_space_and_time_and_not_made_yet(tmp_path: Path) -> None:
    (tmp_path / "runs" / "damaged").mkdir(parents=True)
    (tmp_path / "runs" / "damaged" / "search.json").write_text("{")
    for space in ("light-nas-small", "spaces/light-nas-small.py"):
        found = default_folder(
            tmp_path / "runs", settings(space=space), [tmp_path / "host.jsonl"], ""
        )
        assert re.fullmatch(r"light-nas-small-\d{8}-\d{6}", found.name)
        assert found.parent == tmp_path / "runs"
        assert not found.exists()


def test_the_newest_run_is_the_one_that_ended_last(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no finished search in"):
        newest_run(tmp_path)
    for number, name in enumerate(["a", "c", "b"]):
        folder = RunFolder(tmp_path / name)
        folder.path.mkdir()
        folder.finish(result_in(folder.path))
        os.utime(folder.result_file, (number, number))
    (tmp_path / "unfinished").mkdir()
    assert newest_run(tmp_path) == tmp_path / "b"
