"""The folder that a training works in, and the progress of its steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.files import new_folder
from edgeslim.locks import hold
from edgeslim.progress import Progress, Stage

if TYPE_CHECKING:
    from edgeslim.training._training_loop import TrainingStep

__all__ = ["show_steps", "working_folder"]


@contextmanager
def working_folder(out: Path) -> Iterator[None]:
    """Makes a folder to work in; it is removed if the work fails and it was new and is empty.

    Raises:
        InUseError: Another process works in it.
    """
    with hold(out):
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
def show_steps(progress: Progress, epochs: int) -> Iterator[Callable[[TrainingStep], None]]:
    """Function that shows steps, as a stage of the epochs that are left at the first of them."""
    with ExitStack() as stack:
        stages: list[Stage] = []

        def on_step(step: TrainingStep) -> None:
            share = epochs / step.total
            if not stages:
                done = step.number - 1
                stage = progress.stage("training, epochs", epochs - done * share)
                stages.append(stack.enter_context(stage))
                if done:
                    stages[0].note(f"continues after step {done} of {step.total}")
            stages[0].advance(share, note=f"loss {step.loss:.3f}")

        yield on_step
