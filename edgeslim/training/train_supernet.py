"""The whole of ``edgeslim supernet``: trains the weights that a space's networks share."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.errors import BadFileError, UsageError
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.progress import SILENT, Progress
from edgeslim.spaces import Space
from edgeslim.training._training_folder import show_steps, working_folder
from edgeslim.training.schedules import DEFAULT_SCHEDULE, Schedule
from edgeslim.training.tasks import SPLIT_SEED, find_task

if TYPE_CHECKING:
    from edgeslim.training._training_loop import TrainingStep
    from edgeslim.training.supernet import Supernet

__all__ = ["SUPERNET_FILE", "train_supernet"]

SUPERNET_FILE = "supernet.npz"
_CHECKPOINT = "checkpoint.npz"


def train_supernet(
    space: Space,
    task: str,
    out: Path,
    *,
    epochs: int = 10,
    batch_size: int = 64,
    learning_rate: float = 0.1,
    schedule: Schedule = DEFAULT_SCHEDULE,
    random_networks: int = 2,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Supernet:
    """Trains the weights that a space's networks share, and saves them as ``supernet.npz``.

    Started again on the same folder with the same settings, it continues where it was
    interrupted, and its weights are the same as without the interruption.

    Args:
        space: Space whose networks share the weights.
        task: A task's name, ``name:folder``, ``file.py`` or ``file.py:object``.
        out: Folder for the supernet, and for the state of the training until then.
        epochs: Number of passes over the training examples.
        batch_size: Number of examples in a step.
        learning_rate: Highest rate of the schedule.
        schedule: Schedule of the rate; by default a short warm-up, then a falling cosine.
        random_networks: Number of networks in a step beside the largest and the smallest.
        seed: Seed of initial weights and of everything else that is random.
        progress: Shows the progress of the training.

    Raises:
        UsageError: Unknown names, numbers out of range, another number of classes, a folder
            with another training.
        BadFileError: Files of the task cannot be read.
        ModelError: Networks that cannot share their parameters, or do not fit the task; the
            training diverges.
    """
    if random_networks < 0:
        raise UsageError(f"random_networks must be at least 0, not {random_networks}")
    found = find_task(task)
    if found.num_classes != space.num_classes:
        raise UsageError(
            f"these networks of {space.name} have {space.num_classes} classes, but the task "
            f"{task} has {found.num_classes}"
        )
    load_paddle()
    from edgeslim.training import trainer
    from edgeslim.training._initial_values import initial_values
    from edgeslim.training._sandwich import Sandwich
    from edgeslim.training._shared_weights import SharedWeights
    from edgeslim.training._supernet_file import record_training
    from edgeslim.training._training_loop import learn
    from edgeslim.training.supernet import Supernet

    data = found.data(space.input_shape, SPLIT_SEED)
    settings = trainer.settings_for(
        data,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        schedule=schedule,
    )
    more: dict[str, int | float | str] = {
        "space": _space_text(space),
        "random_networks": random_networks,
    }
    with progress.stage("networks of the space", 1) as stage:
        weights = SharedWeights(initial_values(space, seed, stage.advance))
    sandwich = Sandwich(space, weights, data.loss, random_networks=random_networks)
    clock = _Clock()
    with working_folder(out), show_steps(progress, epochs) as show:

        def on_step(step: TrainingStep) -> None:
            clock.note(step)
            show(step)

        learn(
            weights,
            data,
            settings,
            sandwich.find_gradients,
            more_settings=more,
            on_step=on_step,
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
    """Duration of a training, also if most of it was done before an interruption."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._done, self._total = 0, 1

    def note(self, step: TrainingStep) -> None:
        """Counts a step that is done."""
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
