"""Deployments written down and read again, and what is left of a writer that was killed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edgeslim.errors import BadFileError, UnwritableError
from edgeslim.execution import Precision
from edgeslim.runs.deployment_history import append_record, history_of, read_history
from edgeslim.runs.deployment_records import (
    DeploymentRecord,
    Known,
    ModelRecord,
    ModelRole,
    ModelRound,
    OperatorRecord,
)
from tests.deployment.made_up_records import made_up_model, made_up_record
from tests.values import relu


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    records = [made_up_record(seed=seed) for seed in range(3)]
    for record in records:
        append_record(tmp_path / "deployments.jsonl", record)
    assert read_history(tmp_path) == tuple(records)
    assert read_history(history_of(tmp_path)) == tuple(records)


def test_records_of_the_version_before_are_read_and_written_as_they_were(tmp_path: Path) -> None:
    old = Path(__file__).parent / "version_0_1_0" / "deployed" / "deployments.jsonl"
    records = read_history(old)
    assert [len(record.models) for record in records] == [3, 1, 1]
    assert records[0].speedups[0].baseline == "baseline.wide.x86.1"
    assert [each.precision for each in records[0].failed] == [Precision.FP16]
    assert records[1].models[0].sustained
    for record in records:
        append_record(tmp_path / "deployments.jsonl", record)
    written = (tmp_path / "deployments.jsonl").read_bytes().splitlines()
    for before, after in zip(old.read_bytes().splitlines(), written, strict=True):
        expected = msgspec.json.decode(before)
        if expected["table"] is not None:
            del expected["table"]["context"]["simulated"]  # of a version that could say so
            expected["table"]["context"]["foreign_target"] = ""  # it had none
        # What that version did not know has its default.
        expected |= {"engine_ratios": [], "rewriting": None, "evaluations": []}
        for model in expected["models"]:
            model |= {"engine": "", "engine_version": "", "converter": "", "inside": None}
            model |= {"starts": None, "soak": None, "tails": [], "predicted_start": None}
            for timed in model["rounds"]:
                timed |= {"load_ms": 0.0, "first_run_ms": 0.0, "memory_mb": 0.0}
                timed["interrupted"] = []
        assert msgspec.json.decode(after) == expected


def test_a_last_line_that_was_cut_off_is_left_out_and_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "deployments.jsonl"
    first, second, third = (made_up_record(seed=seed) for seed in range(3))
    append_record(path, first)
    whole = path.read_bytes()
    append_record(path, second)
    path.write_bytes(path.read_bytes()[: len(whole) + 100])
    assert read_history(path) == (first,)
    append_record(path, third)
    assert read_history(path) == (first, third)


def test_what_is_no_history_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "deployments.jsonl"
    path.write_text('{"row":"context","schema":1}\n')
    with pytest.raises(BadFileError, match=r"deployments\.jsonl:1: "):
        read_history(path)
    with pytest.raises(BadFileError, match=r"deployments\.jsonl:1: "):
        append_record(path, made_up_record())
    assert path.read_text() == '{"row":"context","schema":1}\n'


def test_a_line_of_a_newer_edgeslim_is_refused_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "deployments.jsonl"
    append_record(path, made_up_record())
    append_record(path, msgspec.structs.replace(made_up_record(), schema=99))
    with pytest.raises(BadFileError, match=r"deployments\.jsonl:2: schema 99 is newer"):
        read_history(path)


def test_a_run_without_deployments_says_what_makes_them(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match=r"has no deployments yet .*edgeslim deploy"):
        read_history(tmp_path)


def test_a_folder_that_takes_no_files_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnwritableError, match="file is a file"):
        append_record(tmp_path / "file" / "deployments.jsonl", made_up_record())


def test_rounds_that_were_disturbed_count_only_where_there_are_no_others() -> None:
    quiet = ModelRound(round=0, samples_ns=(1_000_000, 1_200_000))
    noisy = ModelRound(round=1, samples_ns=(9_000_000,), disturbed="the device was hot")
    model = made_up_model(rounds=(quiet, noisy))
    assert (model.counted_rounds, model.samples) == ((quiet,), 2)
    assert made_up_model(rounds=(noisy,)).counted_rounds == (noisy,)


def test_an_operator_counts_as_often_as_it_occurs() -> None:
    operator = OperatorRecord(
        operator=relu(8), places=(1, 4), known=Known.MEASURED, latency_ms=0.25
    )
    assert (operator.count, operator.total_ms) == (2, 0.5)
    assert msgspec.structs.replace(operator, latency_ms=None).total_ms is None


def test_the_error_is_that_of_the_prediction() -> None:
    assert made_up_model(latency_ms=2.0, predicted_ms=2.5).error_percent == pytest.approx(25)
    assert made_up_model(latency_ms=2.0).error_percent is None


@pytest.mark.parametrize("latency_ms", [0.0, -1.0, float("inf")])
def test_a_latency_that_is_none_is_refused(latency_ms: float) -> None:
    with pytest.raises(ValueError, match="latency_ms must be above 0"):
        made_up_model(latency_ms=latency_ms)


def test_a_model_is_found_by_its_id() -> None:
    record = made_up_record()
    assert isinstance(record, DeploymentRecord)
    found: ModelRecord = record.model("net.x86.1")
    assert found.role is ModelRole.MODEL
    with pytest.raises(KeyError):
        record.model("another")
