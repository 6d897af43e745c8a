"""Tests of a pruning's folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgeslim.channels.plan import PruningPlan
from edgeslim.errors import ContextMismatchError
from edgeslim.files import read_json
from edgeslim.runs.pruning_run import PruneFolder, PruneSettings, StepRecord

_SETTINGS = PruneSettings("net", target_ms=0.001, table="host.jsonl", fingerprint="abc")


def test_folder_that_decided_nothing_takes_another_goal(tmp_path: Path) -> None:
    folder = PruneFolder(tmp_path / "run")
    folder.begin(_SETTINGS)
    (folder.step(1) / "sensitivities.jsonl").write_text("measured for hours\n")
    corrected = replace(_SETTINGS, target_ms=20.0)
    folder.begin(corrected)
    assert read_json(folder.path / "pruning.json", PruneSettings) == corrected
    assert (folder.step(1) / "sensitivities.jsonl").read_text() == "measured for hours\n"


def test_folder_that_decided_nothing_keeps_its_model(tmp_path: Path) -> None:
    folder = PruneFolder(tmp_path / "run")
    folder.begin(_SETTINGS)
    with pytest.raises(ContextMismatchError, match="its fingerprint is abc, not def"):
        folder.begin(replace(_SETTINGS, fingerprint="def"))


def test_folder_with_a_decision_takes_no_other_goal(tmp_path: Path) -> None:
    folder = PruneFolder(tmp_path / "run")
    folder.begin(_SETTINGS)
    folder.decide(1, StepRecord(plan=PruningPlan(kept={})))
    folder.begin(_SETTINGS)
    with pytest.raises(ContextMismatchError, match=r"its target ms is 0\.001, not 20"):
        folder.begin(replace(_SETTINGS, target_ms=20.0))
