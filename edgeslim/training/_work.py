"""The folder that a training works in, and how its steps are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.files import new_folder
from edgeslim.progress import Progress, Stage

if TYPE_CHECKING:
    from edgeslim.training._learning import Step

__all__ = ["shown_steps", "working_folder"]


@contextmanager
def working_folder(out: Path) -> Iterator[None]:
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
def shown_steps(progress: Progress, epochs: int) -> Iterator[Callable[[Step], None]]:
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
