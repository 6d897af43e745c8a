"""What runs were made from, and what their folders say of how good they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeslim.conversion.model_source import SavedModel
from edgeslim.deployment.origins import (
    accuracy_of,
    baseline_for,
    find_original,
    is_run,
    keeps_history,
)
from edgeslim.errors import BadFileError, UnknownNameError, UsageError
from edgeslim.files import write_json
from edgeslim.runs.pruning_run import PruneSettings
from edgeslim.runs.search_run import RunFolder, SearchDescription
from edgeslim.training.quantization.record import QuantizationRecord
from edgeslim.training.quantization.settings import QuantizationSettings
from tests.searching.searches import result_in, settings


def saved(prefix: Path) -> Path:
    prefix.parent.mkdir(parents=True, exist_ok=True)
    for ending in (".pdmodel", ".pdiparams"):
        prefix.with_suffix(ending).write_bytes(b"")
    return prefix


def pruning(folder: Path, model: str) -> Path:
    write_json(folder / "pruning.json", PruneSettings(model=model, ratios={"w": 0.5}))
    saved(folder / "steps" / "0" / "pruned" / "model")
    return folder


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("mobilenet-v1", "mobilenet-v1"),
        ("some/folder/net", "net"),
        ("nets.py:small", "small"),
    ],
)
def test_a_pruned_model_was_made_from_what_its_run_kept(
    tmp_path: Path, model: str, name: str
) -> None:
    run = pruning(tmp_path / "run", model)
    found = find_original(run)
    assert found == SavedModel.at(run / "steps" / "0" / "pruned" / "model", name=name)
    assert baseline_for(run, None) == found
    assert baseline_for(run, "none") is None


def test_a_compressed_model_was_made_from_its_start(tmp_path: Path) -> None:
    saved(tmp_path / "run" / "start" / "model")
    found = find_original(tmp_path / "run")
    assert found is not None
    assert found.name == "run-start"


def test_a_quantized_model_was_made_from_the_one_in_floats(tmp_path: Path) -> None:
    net = saved(tmp_path / "net" / "model").parent
    run = tmp_path / "quantized"
    run.mkdir()
    write_json(
        run / "quantization.json",
        QuantizationRecord(
            model=str(net),
            task="digits",
            settings=QuantizationSettings(),
            trials=(),
            chosen=0,
            metric="accuracy",
            before=0.9,
            after=0.8,
            examples=100,
            layers=(),
            in_floats=(),
            bytes_before=2,
            bytes_after=1,
        ),
    )
    assert is_run(run)
    assert find_original(run) == SavedModel.at(net / "model", name="net")
    accuracy = accuracy_of(run)
    assert accuracy is not None
    assert (accuracy.metric, accuracy.value, accuracy.before) == ("accuracy", 0.8, 0.9)
    (net / "model.pdmodel").unlink()
    assert find_original(run) is None


def test_what_is_measured_stays_with_a_run_and_with_a_model_unless_another_folder_is_named(
    tmp_path: Path,
) -> None:
    run, model = pruning(tmp_path / "run", "net"), saved(tmp_path / "net" / "model").parent
    out = tmp_path / "out"
    assert [keeps_history(folder, None) for folder in (run, model, tmp_path)] == [True, True, False]
    assert [keeps_history(folder, out) for folder in (run, model)] == [True, False]


def test_what_is_not_there_any_more_is_no_baseline(tmp_path: Path) -> None:
    run = pruning(tmp_path / "run", "net")
    (run / "steps" / "0" / "pruned" / "model.pdiparams").unlink()
    assert find_original(run) is None
    assert find_original(tmp_path) is None
    assert baseline_for(None, None) is None


def test_a_baseline_may_be_named(tmp_path: Path) -> None:
    other = saved(tmp_path / "other" / "model").parent
    found = baseline_for(pruning(tmp_path / "run", "net"), str(other))
    assert found == SavedModel.at(other / "model", name="other")
    with pytest.raises(UnknownNameError, match="mobilnet"):
        baseline_for(None, "mobilnet-v1")


@pytest.mark.parametrize("place", [None, "here"])
def test_a_start_is_of_a_search(tmp_path: Path, place: str | None) -> None:
    run = None if place is None else tmp_path
    with pytest.raises(UsageError, match="--baseline start is the start of a search's space"):
        baseline_for(run, "start")


@pytest.mark.parametrize("name", ["search.json", "pruning.json", "result.json"])
def test_a_run_is_told_by_its_files(tmp_path: Path, name: str) -> None:
    assert not is_run(tmp_path)
    (tmp_path / name).write_text("{}")
    assert is_run(tmp_path)


@pytest.mark.parametrize(
    ("result", "metric", "value", "before"),
    [
        (
            {"metric": "top1", "metric_before": 0.9, "metric_after": 0.88, "groups": []},
            *("top1", 0.88, 0.9),
        ),
        ({"metrics": {"top1": 0.7, "top5": 0.9}, "history": []}, "top1", 0.7, None),
    ],
    ids=["pruning", "compression"],
)
def test_accuracy_is_what_the_result_says(
    tmp_path: Path, result: dict[str, Any], metric: str, value: float, before: float | None
) -> None:
    write_json(tmp_path / "result.json", result)
    found = accuracy_of(tmp_path)
    assert found is not None
    assert (found.metric, found.value, found.before) == (metric, value, before)
    assert found.source == str(tmp_path / "result.json")


def test_the_accuracy_of_a_search_has_the_name_that_its_task_gives_it(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.begin(SearchDescription(settings=settings(), study="first"), [])
    run.finish(msgspec.structs.replace(result_in(tmp_path), metric="f1"))
    found = accuracy_of(tmp_path)
    assert found is not None
    assert (found.metric, found.value, found.before) == ("f1", 0.5, None)


def test_accuracy_that_nobody_measured_is_none(tmp_path: Path) -> None:
    assert accuracy_of(tmp_path) is None
    write_json(tmp_path / "result.json", {"model": "net", "metric": "", "metric_after": None})
    assert accuracy_of(tmp_path) is None


def test_a_search_without_a_result_has_no_accuracy_and_a_broken_one_is_an_error(
    tmp_path: Path,
) -> None:
    RunFolder(tmp_path).begin(SearchDescription(settings=settings(), study="first"), [])
    assert accuracy_of(tmp_path) is None
    (tmp_path / "result.json").write_text("{}")
    with pytest.raises(BadFileError, match=r"result\.json"):
        accuracy_of(tmp_path)
