"""The table that is meant where a command is told none."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.errors import UsageError
from edgeslim.prediction.predict_model import predict
from edgeslim.pruning.prune import PruneRequest
from edgeslim.tables.only_table import TABLES, find_only_table


def test_one_alone_is_meant_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    table = tmp_path / "host" / "a-processor-x86-1t.jsonl"
    table.parent.mkdir()
    table.touch()
    assert find_only_table(tmp_path) == table
    assert f"the latency table is {table}; --table names another" in caplog.text
    other = tmp_path / "phone" / "another-arm-1t.jsonl"
    other.parent.mkdir()
    other.touch()
    with pytest.raises(UsageError, match=r"there are 2 latency tables .* such as .*a-processor"):
        find_only_table(tmp_path)


def test_without_any_table_commands_say_how_one_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = f"there is no latency table under {TABLES}: name one with --table .*edgeslim profile"
    with pytest.raises(UsageError, match=said):
        predict("mobilenet-v1")
    with pytest.raises(UsageError, match=said):
        _ = PruneRequest("mobilenet-v1", out=tmp_path, target_ms=1.0).settings
    assert PruneRequest("mobilenet-v1", out=tmp_path, target_macs="50%").settings.table is None
