"""The whole of ``edgeslim train``: from a model and a task to a trained inference model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from edgeslim.conversion.build_network import find_network
from edgeslim.conversion.model_files import check_model_folder, copy_model
from edgeslim.conversion.model_source import ModelSource, SavedModel, find_model
from edgeslim.conversion.required_memory import check_training_memory
from edgeslim.conversion.shape_options import ONLY_SHAPE
from edgeslim.files import temporary_folder
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, called_with
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.progress import SILENT, Progress
from edgeslim.spaces import parse_tokens
from edgeslim.training._training_folder import show_steps, working_folder
from edgeslim.training.metric_value import MetricValue, metric_value
from edgeslim.training.processes import Processes, process_team
from edgeslim.training.tasks import SPLIT_SEED, find_task
from edgeslim.training.trainable import Trainable, find_trainable
from edgeslim.training.training_options import (
    FINE_TUNING_RATE,
    FRESH_RATE,
    TRAINING,
    TrainingOptions,
)

if TYPE_CHECKING:
    from edgeslim.training.trainer import TrainingResult

__all__ = ["TrainRequest", "Training", "train"]

_CHECKPOINT = "checkpoint.npz"


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


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainRequest(TrainingOptions):
    """What can be asked of `train`."""

    model: Annotated[str, ARGUMENT] = field(kw_only=False)
    """A name, file.py:function, or a saved model; with tokens a space."""
    task: Annotated[str, OPTION]
    """Task to train for: NAME, NAME:FOLDER with its images, or file.py of your own."""
    out: Annotated[Path, OPTION]
    """Folder for the trained model, and for the state of its training."""
    tokens: Annotated[Sequence[int] | None, OPTION(parse=parse_tokens)] = None
    """A network of the space that the model then names: 3,1,1,0,1,0."""
    input_shape: Annotated[Shape | None, ONLY_SHAPE] = None
    """Input shape of the network, if not its own: 1,3,224,224."""
    epochs: Annotated[int, TRAINING] = 10
    """How often each example is seen."""
    progress: Progress = SILENT
    """Shows the progress of the training."""


@called_with(TrainRequest)
def train(request: TrainRequest) -> Training:
    """Trains a model and saves it as an inference model.

    Started again on the same folder with the same settings, it continues where it was
    interrupted, and its weights are the same as without the interruption. Several processes
    that ``paddle.distributed.launch`` has started share each batch out; process 0 alone writes.

    Raises:
        UsageError: Unknown names, numbers out of range, a folder with something else.
        BadFileError: Files of model or task cannot be read.
        InUseError: Another process trains into the folder.
        TooLargeError: It needs more memory than there is.
        ModelError: The network does not fit the task, or the training diverges.
    """
    with process_team() as team:
        found = find_task(request.task)
        shape, classes = request.input_shape, found.num_classes
        source: ModelSource
        if request.tokens is None:
            source = find_model(request.model, num_classes=classes)
        else:
            source = find_network(
                request.model, request.tokens, input_shape=shape, num_classes=classes
            )
        usual = FINE_TUNING_RATE if isinstance(source, SavedModel) else FRESH_RATE
        rate = usual if request.learning_rate is None else request.learning_rate
        load_paddle()
        from edgeslim.training import trainer

        settings = trainer.TrainingSettings(
            epochs=request.epochs,
            batch_size=request.batch_size,
            learning_rate=rate,
            seed=request.seed,
            schedule=request.schedule,
        )
        settings.check()
        if team.is_leader:
            check_model_folder(request.out, own=_CHECKPOINT)
        with temporary_folder() as scratch:
            chosen = find_trainable(source, scratch, seed=request.seed, input_shape=shape)
        data = found.data(chosen.input_shape, SPLIT_SEED)
        batch = min(request.batch_size, len(data.train)) // team.count
        check_training_memory(chosen.graph, chosen.name, max(1, batch))
        fit = partial(trainer.train, chosen.net, data, settings, team=team)
        result = _train_and_save(request, team, chosen, fit)
    judged = metric_value(result.metric, len(data.validation), data.metric)
    return Training(
        model=request.out,
        task=request.task,
        metrics={found.metric_name: result.metric},
        losses=result.losses,
        judged={found.metric_name: judged},
    )


def _train_and_save(
    request: TrainRequest, team: Processes, chosen: Trainable, fit: Callable[..., TrainingResult]
) -> TrainingResult:
    """Trains, and saves the model; process 0 alone touches the folder."""
    if not team.is_leader:
        result = fit()
        team.run_on_leader(lambda: b"")
        return result
    with (
        working_folder(request.out),
        show_steps(request.progress, request.epochs) as on_step,
    ):
        result = fit(on_step=on_step, checkpoint=request.out / _CHECKPOINT)
        _save(chosen, request.out)
    team.run_on_leader(lambda: b"it is saved")
    return result


def _save(chosen: Trainable, out: Path) -> None:
    """Puts both files of the model into the folder, or none."""
    with temporary_folder(near=out) as folder:
        chosen.save(folder)
        copy_model(folder / "model", out / "model")
