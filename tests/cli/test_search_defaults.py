"""What ``search`` takes where nothing is named, among tables that are there."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeslim.cli.search_defaults import choose_tables
from edgeslim.device import DeviceChoice
from edgeslim.errors import UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.searching.request import SearchRequest
from edgeslim.spaces import DEFAULT_SPACE, SPACES
from edgeslim.tables.only_table import TABLES
from tests.searching.made_up import made_up_table, small_space
from tests.values import CONTEXT, relu, row, table_at

SHAPE = small_space().input_shape


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which everything happens."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fitting(device: str, name: str = "table.jsonl", *, age_s: float = 0.0) -> Path:
    """A table of a device that knows the whole space, written some time ago."""
    path = TABLES / device / name
    path.parent.mkdir(parents=True, exist_ok=True)
    made_up_table(path, small_space(), msgspec.structs.replace(CONTEXT, device=device))
    os.utime(path, (1e9 - age_s, 1e9 - age_s))
    return path


def request_for(space: str | None, device: str = "", **more: Any) -> SearchRequest:
    choice = DeviceChoice(name=device) if device else None
    return SearchRequest(1.0, space=space, device=choice, **more)


def taken(device: str = "", *, space: str | None = None) -> tuple[str, tuple[Path, ...]]:
    chosen = choose_tables(request_for(space, device, input_shape=SHAPE))
    return chosen.space_name, chosen.tables


def test_the_only_fitting_table_is_taken_and_said(caplog: pytest.LogCaptureFixture) -> None:
    table = fitting("phone")
    table_at(TABLES / "phone" / "other.jsonl", row(relu(8), 1.0))
    (TABLES / "phone" / "none.jsonl").write_text("no table")
    with caplog.at_level(logging.WARNING):
        assert taken() == (DEFAULT_SPACE, (table,))
    assert f"the space {DEFAULT_SPACE} is searched, for the task digits" in caplog.text
    assert f"phone limits the latency by its table {table}" in caplog.text


def test_of_one_device_the_newest_is_taken() -> None:
    fitting("phone", "old.jsonl", age_s=60)
    newest = fitting("phone", "new.jsonl")
    assert taken(space=DEFAULT_SPACE) == (DEFAULT_SPACE, (newest,))


def test_of_several_devices_one_must_be_named() -> None:
    fitting("phone")
    board = fitting("board", age_s=60)
    with pytest.raises(UsageError, match="tables of phone, board: say which with --device phone"):
        taken()
    assert taken("board") == (DEFAULT_SPACE, (board,))


def test_without_a_table_the_command_is_said_that_makes_one() -> None:
    with pytest.raises(UsageError, match=r"profile --device DEVICE .* --space light-nas-small"):
        taken()
    fitting("phone")
    with pytest.raises(UsageError, match="edgeslim profile --device board --space light-nas-small"):
        taken("board")


def test_a_table_of_another_space_does_not_fit() -> None:
    fitting("phone")
    other = SPACES.get("light-nas").space()
    with pytest.raises(UsageError, match="that knows the operators of light-nas"):
        choose_tables(request_for("light-nas", input_shape=other.input_shape))


def test_what_is_named_is_taken(folder: Path) -> None:
    fitting("phone")
    table = LatencyTable.open(folder / "mine.jsonl", CONTEXT)
    named = request_for("light-nas", table=table.path)
    assert choose_tables(named) is named
    by_work = SearchRequest(space="light-nas", max_macs=5)
    assert choose_tables(by_work) is by_work


def test_fewer_networks_are_evaluated_where_no_space_is_named() -> None:
    assert request_for(None).candidate_count == 8
    assert request_for("light-nas").candidate_count == 20
    assert request_for(None, candidates=3).candidate_count == 3
