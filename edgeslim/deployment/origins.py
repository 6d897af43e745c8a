"""What a run was made from, and what its folder says of how good its model is."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import msgspec

from edgeslim.conversion.build_network import find_network
from edgeslim.conversion.find_space import find_space
from edgeslim.conversion.model_source import ModelSource, SavedModel, find_model
from edgeslim.errors import EdgeslimError, UsageError
from edgeslim.files import read_json
from edgeslim.runs.deployment_records import AccuracyRecord
from edgeslim.runs.pruning_run import PruneFolder, PruneSettings
from edgeslim.runs.search_run import RunFolder
from edgeslim.training.quantization.record import QUANTIZATION_FILE, QuantizationRecord

__all__ = [
    "NO_BASELINE",
    "SPACE_START",
    "accuracy_of",
    "baseline_for",
    "find_original",
    "is_run",
    "keeps_history",
]

NO_BASELINE = "none"
"""Name of no baseline: nothing is measured beside the model."""
SPACE_START = "start"
"""Name of a search's baseline that is the network that its space starts from."""


class _Result(msgspec.Struct, frozen=True):
    """The part of any run's ``result.json`` that is read here."""

    metric: str = ""
    metric_before: float | None = None
    metric_after: float | None = None
    metrics: dict[str, float] = {}
    task: str = ""


def baseline_for(run: Path | None, asked: str | None) -> ModelSource | None:
    """The model that a deployed one is compared with, if any.

    Args:
        run: Folder of a run or of a model; None if it is neither.
        asked: Baseline as on the command line; None for what the run was made from, if its folder
            has kept that.

    Raises:
        UsageError: The start is asked for, and the run is no search.
        UnknownNameError, BadFileError, ModelError: There is no such model.
    """
    if asked == NO_BASELINE:
        return None
    if asked is None:
        return None if run is None else find_original(run)
    if asked != SPACE_START:
        return find_model(asked)
    place = None if run is None else RunFolder(run).description()
    if place is None:
        raise UsageError(
            f"--baseline {SPACE_START} is the start of a search's space, and "
            f"{'this' if run is None else run} is no search; name a model"
        )
    wanted = place.settings
    space = find_space(wanted.space).space(wanted.input_shape, wanted.num_classes)
    found = find_network(
        wanted.space,
        space.initial_tokens,
        input_shape=wanted.input_shape,
        num_classes=wanted.num_classes,
    )
    return replace(found, name=f"{found.name}-start")


_SIGNS = ("search.json", "pruning.json", "result.json", QUANTIZATION_FILE)
"""Files that say what a command made of a model."""


def is_run(folder: Path) -> bool:
    """Whether a folder was made by a command from a model, and not just holds one."""
    return any((folder / name).is_file() for name in _SIGNS)


def keeps_history(folder: Path, out: Path | None) -> bool:
    """Whether what is measured of a folder's model is kept in that folder.

    It is kept with every run. With a model alone, such as of a training, it is kept unless another
    folder is asked for; and nowhere where nothing can be written.
    """
    is_model = out is None and (folder / "model.pdmodel").is_file()
    return os.access(folder, os.W_OK) and (is_run(folder) or is_model)


def find_original(run: Path) -> SavedModel | None:
    """The model that a pruned, compressed or quantized one was made from, if it is still there."""
    settings = run / "pruning.json"
    if settings.exists():
        name = _short_name(read_json(settings, PruneSettings).model)
        return _saved_model(PruneFolder(run).path / "steps" / "0" / "pruned" / "model", name)
    quantization = run / QUANTIZATION_FILE
    if quantization.exists():
        return _saved_at(read_json(quantization, QuantizationRecord).model)
    return _saved_model(run / "start" / "model", f"{run.resolve().name}-start")


def _saved_at(model: str) -> SavedModel | None:
    """A saved model by its name on a command line, if it is still where it was."""
    try:
        found = find_model(model)
    except EdgeslimError:
        return None
    return found if isinstance(found, SavedModel) else None


def _saved_model(prefix: Path, name: str) -> SavedModel | None:
    model = SavedModel.at(prefix, name=name)
    return model if model.program.exists() and model.parameters.exists() else None


def _short_name(model: str) -> str:
    """Short name of a model from its name on a command line: the function, or the folder."""
    return Path(model).name.rpartition(":")[2] or "baseline"


def accuracy_of(run: Path) -> AccuracyRecord | None:
    """Accuracy of a run's model according to its folder, if it was evaluated.

    Raises:
        BadFileError: Its result cannot be read.
    """
    quantization = run / QUANTIZATION_FILE
    if quantization.exists():
        own = read_json(quantization, QuantizationRecord)
        return AccuracyRecord(
            metric=own.metric, value=own.after, before=own.before, source=str(quantization)
        )
    file = run / "result.json"
    if not file.exists():
        return None
    found = RunFolder(run)
    place = found.description()
    if place is not None:
        won = found.result()
        return AccuracyRecord(metric=won.metric, value=won.trained_accuracy, source=str(file))
    result = read_json(file, _Result)
    if result.metric and result.metric_after is not None:
        return AccuracyRecord(
            metric=result.metric,
            value=result.metric_after,
            before=result.metric_before,
            source=str(file),
        )
    for metric, value in result.metrics.items():
        return AccuracyRecord(metric=metric, value=value, source=str(file))
    return None
