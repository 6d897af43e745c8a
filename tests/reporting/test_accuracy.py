"""The report's section on how right a model is on a device."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeslim.errors import BadFileError
from edgeslim.reporting.report import report
from edgeslim.runs.deployment_history import append_record, read_history
from edgeslim.runs.device_accuracy import DeviceAccuracy
from edgeslim.runs.evaluation_history import (
    EVALUATIONS,
    EvaluationRecord,
    append_evaluation,
    read_evaluations,
)
from tests.evaluating.made_up_accuracy import FOUND, METRIC
from tests.reporting.made_up_runs import deployed, deployment


def evaluation(number: int, found: DeviceAccuracy = FOUND) -> EvaluationRecord:
    record = deployment()
    return EvaluationRecord(
        id=f"{number}",
        created=f"2026-12-0{number}T00:00:00+00:00",
        command=("edgeslim", "evaluate", "net"),
        model_path="net",
        device=record.device,
        versions=record.versions,
        accuracy=found,
    )


def with_threads(found: DeviceAccuracy, threads: int) -> DeviceAccuracy:
    return msgspec.structs.replace(found, threads=threads)


def section_of(run: Path) -> tuple[dict[str, Any], Any]:
    """The whole report, and its section on accuracy."""
    out = run.parent / "report.json"
    report(run, out=out)
    written = json.loads(out.read_text())
    found = [own for own in written["sections"] if own["key"] == "accuracy"]
    return written, found[0] if found else None


def test_the_newest_evaluation_of_each_variant_is_shown(tmp_path: Path) -> None:
    metric = msgspec.structs.replace(METRIC, interval=(-0.01, 0.02))
    better = msgspec.structs.replace(FOUND, metrics=(metric,))
    run = tmp_path / "run"
    run.mkdir()
    for record in (evaluation(2, better), evaluation(1), evaluation(3, with_threads(FOUND, 4))):
        append_evaluation(run / EVALUATIONS, record)
    written, section = section_of(run)
    first, second, table, *_ = section["blocks"]
    assert (
        "The pictures show no difference; one of up to 2.00 points is not ruled out"
        in (first["text"])
    )
    assert "4 threads: accuracy 90.00%, and 92.00% by Paddle" in second["text"]
    assert "The device is worse" in second["text"]
    assert len(table["rows"]) == 2
    assert written["kind"] == "evaluations"
    assert "difference -2.00 points (-3.40 to -0.80)" in written["verdict"]
    assert "edgeslim evaluate net" in json.dumps(written)


def test_a_deployment_shows_its_own_and_says_it_again_when_read(tmp_path: Path) -> None:
    record = deployment(evaluations=(FOUND,))
    _, section = section_of(deployed(tmp_path / "run", record))
    pictures = section["blocks"][2]
    assert pictures["rows"][0][:4] == ["17 dog/17.jpg", "dog", "cat (0.6)", "dog (0.7)"]
    append_record(tmp_path / "history.jsonl", record)
    assert read_history(tmp_path / "history.jsonl")[0].evaluations == (FOUND,)


def test_without_one_there_is_no_section(tmp_path: Path) -> None:
    assert section_of(deployed(tmp_path / "run"))[1] is None


def test_evaluations_are_read_back_and_another_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / EVALUATIONS
    for number in (1, 2):
        append_evaluation(path, evaluation(number))
    assert read_evaluations(path) == (evaluation(1), evaluation(2))
    other = tmp_path / "other.jsonl"
    append_record(other, deployment())
    before = other.read_bytes()
    with pytest.raises(BadFileError, match="Invalid value 'deployment'"):
        append_evaluation(other, evaluation(1))
    assert other.read_bytes() == before
