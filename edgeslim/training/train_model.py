"""The whole of ``edgeslim train``: a model and a task to a trained inference model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.conversion.model_source import SavedModel, find_model
from edgeslim.errors import UsageError
from edgeslim.files import new_folder, temporary_folder, write_together
from edgeslim.opspec import Shape
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.progress import SILENT, Progress, Stage
from edgeslim.training.tasks import SPLIT_SEED, find_task
from edgeslim.training.trainable import Trainable, trainable

if TYPE_CHECKING:
    from edgeslim.training.trainer import Step

__all__ = ["Training", "train"]

_CHECKPOINT = "checkpoint.npz"
_FRESH_RATE = 0.1
_FINE_TUNING_RATE = 0.01
"""Of weights that are good already, which the full rate would throw away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """What came of a training.

    Args:
        model: Folder of the saved model.
        task: As it was asked for.
        metrics: Of the validation examples, by name, from 0 to 1.
        losses: Mean loss of each epoch.
    """

    model: Path
    task: str
    metrics: dict[str, float]
    losses: tuple[float, ...]


def train(
    model: str,
    *,
    task: str,
    out: Path,
    epochs: int = 10,
    batch_size: int = 64,
    learning_rate: float | None = None,
    seed: int = 0,
    input_shape: Shape | None = None,
    progress: Progress = SILENT,
) -> Training:
    """Trains a model and saves it as an inference model.

    Started again on the same folder with the same settings, it goes on where it was
    interrupted, and its weights are the same as without the interruption.

    Args:
        model: As on the command line; a network by name gets as many classes as the task.
        task: What to train for: a task's name, ``name:folder``, ``file.py`` or
            ``file.py:object``.
        out: Folder for the model, and for the state of the training meanwhile.
        epochs: How often each training example is seen.
        batch_size: Examples a step.
        learning_rate: The highest; by default 0.1 for fresh weights and 0.01 for saved ones.
        seed: Of first weights and everything else random.
        input_shape: Of the network, ``(N, C, H, W)``, if not its own; ``N`` is what it is
            saved for.
        progress: Where to show it.

    Raises:
        UsageError: Unknown names, numbers that cannot be meant, a folder with something else.
        BadFileError: Files of model or task cannot be read.
        ModelError: The network does not fit the task, or the training diverges.
    """
    found = find_task(task)
    source = find_model(model, num_classes=found.num_classes)
    if learning_rate is None:
        learning_rate = _FINE_TUNING_RATE if isinstance(source, SavedModel) else _FRESH_RATE
    load_paddle()
    from edgeslim.training import trainer

    trainer.check_settings(
        epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed
    )
    _check_out(out)
    with temporary_folder() as scratch:
        chosen = trainable(source, scratch, seed=seed, input_shape=input_shape)
    data = found.data(chosen.input_shape, SPLIT_SEED)
    with _folder(out), _shown(progress, epochs) as on_step:
        result = trainer.train(
            chosen.net,
            data,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=seed,
            on_step=on_step,
            checkpoint=out / _CHECKPOINT,
        )
        _save(chosen, out)
    return Training(
        model=out,
        task=task,
        metrics={found.metric_name: result.metric},
        losses=result.losses,
    )


def _check_out(out: Path) -> None:
    """Proves that a folder holds no model but that of a training.

    Raises:
        UsageError: It does, or is a file.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file; give a folder for the model")
    models = [*out.glob("*.pdmodel"), *out.glob("__model__")]
    if models and not (out / _CHECKPOINT).exists():
        raise UsageError(
            f"{out} holds {models[0].name}, which no training here made; give another folder"
        )


@contextmanager
def _folder(out: Path) -> Iterator[None]:
    """The folder is there inside; if the work fails before anything is in it, it goes again."""
    there = out.exists()
    new_folder(out)
    try:
        yield
    except BaseException:
        if not there:
            with suppress(OSError):
                out.rmdir()
        raise


@contextmanager
def _shown(progress: Progress, epochs: int) -> Iterator[Callable[[Step], None]]:
    """What shows steps, as a stage of the epochs that are left when the first of them is done."""
    with ExitStack() as stack:
        stages: list[Stage] = []

        def on_step(step: Step) -> None:
            share = epochs / step.total
            if not stages:
                done = step.number - 1
                stage = progress.stage("training, epochs", epochs - done * share)
                stages.append(stack.enter_context(stage))
                if done:
                    stages[0].note(f"goes on after step {done} of {step.total}")
            stages[0].advance(share, note=f"loss {step.loss:.3f}")

        yield on_step


def _save(chosen: Trainable, out: Path) -> None:
    """Puts both files of the model into the folder, or none."""
    with temporary_folder(near=out) as folder:
        chosen.save(folder)
        names = ("model.pdiparams", "model.pdmodel")
        write_together({out / name: (folder / name).read_bytes() for name in names})
