"""Errors of left-out networks are kept between processes, and only as long as they are true."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.prediction.left_out_errors import left_out_errors
from tests.values import convolution, row, table_at

ERRORS = {"a": 0.01, "b": -0.2}


def never() -> dict[str, float]:
    pytest.fail("they are kept")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "edgeslim" / "left-out"


def test_errors_are_computed_once_for_one_table(tmp_path: Path) -> None:
    table = table_at(tmp_path / "t.jsonl", row(convolution(8, 8), 1.0))
    assert left_out_errors(table, lambda: ERRORS) == ERRORS
    assert left_out_errors(table, never) == ERRORS
    table.add(row(convolution(8, 16), 2.0))
    assert left_out_errors(table, lambda: {"a": 0.5}) == {"a": 0.5}


def test_a_spoilt_file_is_replaced_and_a_folder_that_cannot_be_made_costs_time_only(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = table_at(tmp_path / "t.jsonl", row(convolution(8, 8), 1.0))
    left_out_errors(table, lambda: ERRORS)
    (kept,) = cache.iterdir()
    kept.write_text('{"errors":')
    assert left_out_errors(table, lambda: ERRORS) == ERRORS
    assert left_out_errors(table, never) == ERRORS
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    assert left_out_errors(table, lambda: ERRORS) == ERRORS
    assert file.read_bytes() == b""
