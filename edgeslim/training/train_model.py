"""The whole of ``edgeslim train``: from a model and a task to a trained inference model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from edgeslim.conversion.build_network import find_network
from edgeslim.conversion.model_files import check_model_folder, copy_model
from edgeslim.conversion.model_source import ModelSource, SavedModel, find_model
from edgeslim.files import temporary_folder
from edgeslim.opspec import Shape
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.progress import SILENT, Progress
from edgeslim.training._training_folder import show_steps, working_folder
from edgeslim.training.metric_value import MetricValue, metric_value
from edgeslim.training.processes import Processes, process_team
from edgeslim.training.schedules import DEFAULT_SCHEDULE, Schedule
from edgeslim.training.tasks import SPLIT_SEED, TaskData, find_task
from edgeslim.training.trainable import Trainable, find_trainable

if TYPE_CHECKING:
    from edgeslim.training.trainer import TrainingResult

__all__ = ["Training", "train"]

_CHECKPOINT = "checkpoint.npz"
_FRESH_RATE = 0.1
_FINE_TUNING_RATE = 0.01
"""Highest rate for trained weights, which the full rate would destroy."""


class _TrainerSettings(TypedDict):
    """Arguments of the trainer; see `train`."""

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    schedule: Schedule


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """Result of a training.

    Args:
        model: Folder of the saved model.
        task: The task as it was named.
        metrics: Metrics on the validation examples by name, from 0 to 1.
        losses: Mean loss of each epoch.
        judged: The metrics with their number of examples and intervals.
    """

    model: Path
    task: str
    metrics: dict[str, float]
    losses: tuple[float, ...]
    judged: dict[str, MetricValue]


def train(
    model: str,
    *,
    task: str,
    out: Path,
    tokens: Sequence[int] | None = None,
    epochs: int = 10,
    batch_size: int = 64,
    learning_rate: float | None = None,
    schedule: Schedule = DEFAULT_SCHEDULE,
    seed: int = 0,
    input_shape: Shape | None = None,
    progress: Progress = SILENT,
) -> Training:
    """Trains a model and saves it as an inference model.

    Started again on the same folder with the same settings, it continues where it was
    interrupted, and its weights are the same as without the interruption. Several processes
    that ``paddle.distributed.launch`` has started share each batch out; process 0 alone writes.

    Args:
        model: The model as on the command line; a network by name gets as many classes as the task.
        task: Task to train for: its name, ``name:folder``, ``file.py`` or
            ``file.py:object``.
        out: Folder for the model, and for the state of the training until then.
        tokens: A network of the space that ``model`` then names.
        epochs: Number of passes over the training examples.
        batch_size: Number of examples in a step.
        learning_rate: Highest rate; by default 0.1 for new weights and 0.01 for saved ones.
        schedule: Schedule of the rate; by default a short warm-up, then a falling cosine.
        seed: Seed of initial weights and of everything else that is random.
        input_shape: Input shape ``(N, C, H, W)``, if not the network's own; it is saved for
            this ``N``.
        progress: Shows the progress of the training.

    Raises:
        UsageError: Unknown names, numbers out of range, a folder with something else.
        BadFileError: Files of model or task cannot be read.
        ModelError: The network does not fit the task, or the training diverges.
    """
    with process_team() as team:
        found = find_task(task)
        source: ModelSource
        if tokens is None:
            source = find_model(model, num_classes=found.num_classes)
        else:
            source = find_network(
                model, tokens, input_shape=input_shape, num_classes=found.num_classes
            )
        if learning_rate is None:
            learning_rate = _FINE_TUNING_RATE if isinstance(source, SavedModel) else _FRESH_RATE
        numbers = _TrainerSettings(
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=seed,
            schedule=schedule,
        )
        load_paddle()
        from edgeslim.training import trainer

        trainer.check_settings(
            epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed
        )
        if team.is_leader:
            check_model_folder(out, own=_CHECKPOINT)
        with temporary_folder() as scratch:
            chosen = find_trainable(source, scratch, seed=seed, input_shape=input_shape)
        data = found.data(chosen.input_shape, SPLIT_SEED)
        result = _train_and_save(
            team, chosen, data=data, out=out, numbers=numbers, progress=progress
        )
    judged = metric_value(result.metric, len(data.validation), data.metric)
    return Training(
        model=out,
        task=task,
        metrics={found.metric_name: result.metric},
        losses=result.losses,
        judged={found.metric_name: judged},
    )


def _train_and_save(
    team: Processes,
    chosen: Trainable,
    *,
    data: TaskData,
    out: Path,
    numbers: _TrainerSettings,
    progress: Progress,
) -> TrainingResult:
    """Trains, and saves the model; process 0 alone touches the folder."""
    from edgeslim.training import trainer

    if not team.is_leader:
        result = trainer.train(chosen.net, data, team=team, **numbers)
        team.run_on_leader(lambda: b"")
        return result
    with working_folder(out), show_steps(progress, numbers["epochs"]) as on_step:
        result = trainer.train(
            chosen.net, data, team=team, on_step=on_step, checkpoint=out / _CHECKPOINT, **numbers
        )
        _save(chosen, out)
    team.run_on_leader(lambda: b"it is saved")
    return result


def _save(chosen: Trainable, out: Path) -> None:
    """Puts both files of the model into the folder, or none."""
    with temporary_folder(near=out) as folder:
        chosen.save(folder)
        copy_model(folder / "model", out / "model")
