"""What is written down of epochs for people to look at."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edgeslim.compression.metric_files import WRITERS, write_metrics
from edgeslim.runs.checkpoint import EpochRecord
from tests.tools import missing

HISTORY = [
    EpochRecord(
        epoch=0,
        loss=1.5,
        metrics={"accuracy": 0.25, "accuracy_top5": 0.5},
        learning_rate=0.1,
        parameters=10,
    ),
    EpochRecord(epoch=1, parameters=8, events=("pruned",)),
]


def test_json_lines_have_every_epoch_once(tmp_path: Path) -> None:
    for count in (1, 2, 2):
        write_metrics(tmp_path, HISTORY[:count])
    lines = (tmp_path / "metrics.jsonl").read_bytes().splitlines()
    first, second = (msgspec.json.decode(line) for line in lines)
    assert (first["epoch"], first["loss"], first["accuracy"]) == (0, 1.5, 0.25)
    assert first["accuracy_top5"] == 0.5
    assert (second["loss"], second["events"]) == (None, ["pruned"])
    assert "accuracy" not in second  # it was not evaluated


@pytest.mark.parametrize("name", [each for each in WRITERS.names() if each != "json-lines"])
def test_other_forms_are_written_where_they_are_installed(tmp_path: Path, name: str) -> None:
    writer = WRITERS.get(name)
    if not writer.is_available():
        missing(f"{name} is not installed")
    for count in (1, 2):
        writer.write(tmp_path, HISTORY[:count])
    assert len([each for each in (tmp_path / name).iterdir() if each.is_file()]) == 2
