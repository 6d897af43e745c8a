"""``edgeslim train``: trains a model for a task."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from edgeslim.cli.options import InputShape, Seed, TaskName, only_shape
from edgeslim.cli.output import Json, metric_lines, print_json, print_lines, print_table
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
from edgeslim.spaces import parse_tokens
from edgeslim.training.processes import is_leader
from edgeslim.training.train_model import train

__all__ = ["command"]


def command(
    model: Annotated[
        str,
        typer.Argument(help="A name, file.py:function, a saved model; with --tokens a space."),
    ],
    task: TaskName,
    out: Annotated[
        Path,
        typer.Option(help="Folder for the trained model, and for the state of its training."),
    ],
    tokens: Annotated[
        str | None, typer.Option(help="A network of the space MODEL: 3,1,1,0,1,0.")
    ] = None,
    epochs: Annotated[int, typer.Option(help="How often each example is seen.")] = 10,
    batch_size: Annotated[int, typer.Option(help="Examples of a training step.")] = 64,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            "--learning-rate",
            "--lr",
            help="Highest learning rate; by default 0.1 for new weights, 0.01 for saved ones.",
        ),
    ] = None,
    lr_strategy: LrStrategy = None,
    lr_decay_epochs: LrDecayEpochs = None,
    milestones: Milestones = None,
    lr_decay_gamma: LrDecayGamma = None,
    warmup_steps: WarmupSteps = None,
    warmup_start_lr: WarmupStartLr = None,
    start_factor: StartFactor = None,
    seed: Seed = 0,
    input_shape: InputShape = None,
    as_json: Json = False,
) -> None:
    """Train a model for a task and save it; the same command continues after an interruption.

    Example: edgeslim train mobilenet-v1 --task digits --input-shape 1,3,32,32 --out net

    The winner of a search: edgeslim train light-nas-small --tokens 1,1,0 --task digits --out net
    """
    done = train(
        model,
        task=task,
        out=out,
        tokens=None if tokens is None else parse_tokens(tokens),
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
        seed=seed,
        input_shape=only_shape(input_shape, of="this model"),
        progress=terminal_progress(),
    )
    if not is_leader():
        return
    if as_json:
        print_json(
            {
                "model": done.model,
                "task": done.task,
                "metrics": done.metrics,
                "losses": done.losses,
                "judged": msgspec.to_builtins(done.judged),
            }
        )
        return
    print_table(
        ["epoch", "loss"],
        [[str(number), f"{loss:.4f}"] for number, loss in enumerate(done.losses, start=1)],
    )
    print_lines("", *metric_lines(done.judged))
    print_lines(f"saved in {done.model}")
