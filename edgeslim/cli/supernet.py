"""``edgeslim supernet``: trains weights that all networks of a space share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeslim.cli.options import Seed, SpaceInput, TaskName, only_shape
from edgeslim.cli.output import Json, print_json, print_lines
from edgeslim.cli.progress import terminal_progress
from edgeslim.cli.schedules import (
    LrDecayEpochs,
    LrDecayGamma,
    LrStrategy,
    Milestones,
    StartFactor,
    WarmupStartLr,
    WarmupSteps,
    schedule,
)
from edgeslim.conversion.find_space import find_space
from edgeslim.training.tasks import find_task
from edgeslim.training.train_supernet import SUPERNET_FILE, train_supernet

__all__ = ["command"]


def command(
    space: Annotated[str, typer.Option(help="The search space.")],
    task: TaskName,
    out: Annotated[
        Path, typer.Option(help="Folder for the supernet, and for the state of its training.")
    ],
    epochs: Annotated[int, typer.Option(help="How often each example is seen.")] = 10,
    batch_size: Annotated[int, typer.Option(help="Examples of a training step.")] = 64,
    learning_rate: Annotated[
        float, typer.Option("--learning-rate", "--lr", help="Highest learning rate.")
    ] = 0.1,
    lr_strategy: LrStrategy = None,
    lr_decay_epochs: LrDecayEpochs = None,
    milestones: Milestones = None,
    lr_decay_gamma: LrDecayGamma = None,
    warmup_steps: WarmupSteps = None,
    warmup_start_lr: WarmupStartLr = None,
    start_factor: StartFactor = None,
    random_networks: Annotated[
        int,
        typer.Option(help="Networks that a step trains besides the largest and the smallest."),
    ] = 2,
    input_shape: SpaceInput = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Train one set of weights for all networks of a space, so that judging one takes seconds.

    The same command continues after an interruption. edgeslim space agreement measures how far it
    can be trusted on your task.

    Example: edgeslim supernet --space light-nas-small --task digits --out shared
    """
    found = find_task(task)
    supernet = train_supernet(
        find_space(space, progress=terminal_progress()).space(
            only_shape(input_shape), found.num_classes
        ),
        task,
        out,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        schedule=schedule(
            lr_strategy=lr_strategy,
            lr_decay_epochs=lr_decay_epochs,
            milestones=milestones,
            lr_decay_gamma=lr_decay_gamma,
            warmup_steps=warmup_steps,
            warmup_start_lr=warmup_start_lr,
            start_factor=start_factor,
        ),
        random_networks=random_networks,
        seed=seed,
        progress=terminal_progress(),
    )
    file, seconds = out / SUPERNET_FILE, supernet.about.seconds
    if as_json:
        print_json({"supernet": file, "space": space, "task": task, "seconds": seconds})
    else:
        print_lines(f"saved in {file} after {seconds:.0f} s of training")
