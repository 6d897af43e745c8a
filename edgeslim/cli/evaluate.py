"""``edgeslim evaluate``: measures the accuracy of a model at a task."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from edgeslim.cli.options import InputShape, TaskName, only_shape
from edgeslim.cli.output import Json, metric_lines, print_json, print_lines
from edgeslim.cli.progress import terminal_progress
from edgeslim.training.evaluate_model import evaluate

__all__ = ["command"]


def command(
    model: Annotated[str, typer.Argument(help="Saved model, file.py:function, or a name.")],
    task: TaskName,
    input_shape: InputShape = None,
    seed: Annotated[int, typer.Option(help="Seed of weights that are not saved.")] = 0,
    as_json: Json = False,
) -> None:
    """Say how right a model is at a task, by images that no training here learns from.

    Example: edgeslim evaluate net --task digits
    """
    found = evaluate(
        model,
        task=task,
        input_shape=only_shape(input_shape, of="this model"),
        seed=seed,
        progress=terminal_progress(),
    )
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    print_lines(*metric_lines(found.judged))
