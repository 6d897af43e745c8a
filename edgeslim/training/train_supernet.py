"""The whole of ``edgeslim supernet``: trains the weights that a space's networks share."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from edgeslim.conversion.find_space import find_space
from edgeslim.conversion.shape_options import SPACE_SHAPE
from edgeslim.errors import BadFileError, UsageError
from edgeslim.opspec import Shape
from edgeslim.options import OPTION, called_with
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.progress import SILENT, Progress
from edgeslim.spaces import Space
from edgeslim.training._training_folder import show_steps, working_folder
from edgeslim.training.tasks import SPLIT_SEED, find_task
from edgeslim.training.training_options import FRESH_RATE, TRAINING, TrainingOptions

if TYPE_CHECKING:
    from edgeslim.training._training_loop import TrainingStep
    from edgeslim.training.supernet import Supernet

__all__ = ["SUPERNET_FILE", "SupernetRequest", "train_supernet"]

SUPERNET_FILE = "supernet.npz"
_CHECKPOINT = "checkpoint.npz"


@dataclass(frozen=True, kw_only=True, slots=True)
class SupernetRequest(TrainingOptions):
    """What can be asked of `train_supernet`."""

    space: Annotated[str | Space, OPTION(parse=str)] = field(kw_only=False)
    """The search space whose networks share the weights: a name, or space.py of your own."""
    task: Annotated[str, OPTION] = field(kw_only=False)
    """Task to train for: NAME, NAME:FOLDER with its images, or file.py of your own."""
    out: Annotated[Path, OPTION] = field(kw_only=False)
    """Folder for the supernet, and for the state of its training."""
    input_shape: Annotated[Shape | None, SPACE_SHAPE] = None
    """Input shape of the networks of a named space, if not its own: 1,3,224,224."""
    epochs: Annotated[int, TRAINING] = 10
    """How often each example is seen."""
    random_networks: Annotated[int, TRAINING] = 2
    """Networks that a step trains besides the largest and the smallest."""
    progress: Progress = SILENT
    """Shows the progress of the training."""

    def space_for(self, num_classes: int) -> Space:
        """The space, whose networks have as many classes as the task.

        Raises:
            UsageError: There is no such space, or its networks have other classes.
        """
        space = self.space
        if isinstance(space, str):
            space = find_space(space, progress=self.progress).space(self.input_shape, num_classes)
        if num_classes != space.num_classes:
            raise UsageError(
                f"these networks of {space.name} have {space.num_classes} classes, but the task "
                f"{self.task} has {num_classes}"
            )
        return space


@called_with(SupernetRequest)
def train_supernet(request: SupernetRequest) -> Supernet:
    """Trains the weights that a space's networks share, and saves them as ``supernet.npz``.

    Started again on the same folder with the same settings, it continues where it was
    interrupted, and its weights are the same as without the interruption.

    Raises:
        UsageError: Unknown names, numbers out of range, another number of classes, a folder
            with another training.
        BadFileError: Files of the task cannot be read.
        ModelError: Networks that cannot share their parameters, or do not fit the task; the
            training diverges.
    """
    if request.random_networks < 0:
        raise UsageError(f"random_networks must be at least 0, not {request.random_networks}")
    task, out, progress = request.task, request.out, request.progress
    found = find_task(task)
    space = request.space_for(found.num_classes)
    load_paddle()
    from edgeslim.training._initial_values import initial_values
    from edgeslim.training._sandwich import Sandwich
    from edgeslim.training._shared_weights import SharedWeights
    from edgeslim.training._supernet_file import record_training
    from edgeslim.training._training_loop import TrainingSettings, learn
    from edgeslim.training.supernet import Supernet

    data = found.data(space.input_shape, SPLIT_SEED)
    settings = TrainingSettings(
        epochs=request.epochs,
        batch_size=request.batch_size,
        learning_rate=FRESH_RATE if request.learning_rate is None else request.learning_rate,
        seed=request.seed,
        schedule=request.schedule,
    ).for_examples(data)
    more: dict[str, int | float | str] = {
        "space": _space_text(space),
        "random_networks": request.random_networks,
    }
    with progress.stage("networks of the space", 1) as stage:
        weights = SharedWeights(initial_values(space, request.seed, stage.advance))
    sandwich = Sandwich(space, weights, data.loss, random_networks=request.random_networks)
    with working_folder(out), show_steps(progress, request.epochs) as show:
        clock = _Clock(show)
        learn(
            weights,
            data,
            settings,
            sandwich.find_gradients,
            more_settings=more,
            on_step=clock.note,
            checkpoint=out / _CHECKPOINT,
        )
        about = record_training(
            space, task, data, {**settings.checkpoint_values, **more}, seconds=clock.seconds(out)
        )
        supernet = Supernet(space, weights, about)
        supernet.save(out / SUPERNET_FILE)
    return supernet


def _space_text(space: Space) -> str:
    ranges = ",".join(map(str, space.ranges))
    return f"{space.name} of {ranges} at {list(space.input_shape)}"


class _Clock:
    """Duration of a training, also if most of it was done before an interruption.

    Args:
        show: Shows a step that is done.
    """

    def __init__(self, show: Callable[[TrainingStep], None]) -> None:
        self._show, self._began = show, time.perf_counter()
        self._done, self._total = 0, 1

    def note(self, step: TrainingStep) -> None:
        """Counts a step that is done, and shows it."""
        self._show(step)
        self._done, self._total = self._done + 1, step.total

    def seconds(self, out: Path) -> float:
        """Seconds of all steps, if those done before took as long as those done here.

        Of a training that was done already, the recorded duration.
        """
        if self._done:
            return (time.perf_counter() - self._began) / self._done * self._total
        from edgeslim.training._supernet_file import read_supernet

        with suppress(BadFileError):
            return read_supernet(out / SUPERNET_FILE)[0].seconds
        return 0.0
