"""Options for the schedule of the learning rate, named as in PaddleSlim's examples."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from edgeslim.errors import UsageError
from edgeslim.training.schedules import RateKeys, Schedule

__all__ = [
    "LrDecayEpochs",
    "LrDecayGamma",
    "LrStrategy",
    "Milestones",
    "StartFactor",
    "WarmupStartLr",
    "WarmupSteps",
    "schedule",
]

LrStrategy = Annotated[
    str | None,
    typer.Option(
        "--lr-strategy",
        help="How the rate falls: cosine_decay or piecewise_decay; else a cosine after a warm-up.",
    ),
]
LrDecayEpochs = Annotated[
    str | None,
    typer.Option(
        "--lr-decay-epochs", "--step-epochs", help="Epochs after which the rate falls: 30,60."
    ),
]
Milestones = Annotated[
    str | None,
    typer.Option("--milestones", help="Steps after which the rate falls: 11000,12400."),
]
LrDecayGamma = Annotated[
    float | None,
    typer.Option(
        "--lr-decay-gamma", "--gamma", help="Factor that the rate falls by; 0.1 by default."
    ),
]
WarmupSteps = Annotated[
    int | None, typer.Option("--warmup-steps", help="Steps in which the rate rises first.")
]
WarmupStartLr = Annotated[
    float | None,
    typer.Option("--warmup-start-lr", help="Rate at the start of the rise; 0 by default."),
]
StartFactor = Annotated[
    float | None,
    typer.Option("--start-factor", help="That rate as a share of the highest one."),
]


def schedule(
    *,
    lr_strategy: str | None,
    lr_decay_epochs: str | None,
    milestones: str | None,
    lr_decay_gamma: float | None,
    warmup_steps: int | None,
    warmup_start_lr: float | None,
    start_factor: float | None,
) -> Schedule:
    """Makes the schedule that the options describe.

    Raises:
        UsageError: They contradict each other; the message names the option.
    """
    given = {
        "lr_strategy": lr_strategy,
        "lr_decay_epochs": _numbers("--lr-decay-epochs", lr_decay_epochs),
        "milestones": _numbers("--milestones", milestones),
        "lr_decay_gamma": lr_decay_gamma,
        "warmup_steps": warmup_steps,
        "warmup_start_lr": warmup_start_lr,
        "start_factor": start_factor,
    }
    try:
        return msgspec.convert(given, RateKeys).schedule()
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$.")
        raise UsageError(f"{_option(place.rstrip('`'))}: {what[0].lower()}{what[1:]}") from error
    except UsageError as error:
        key, _, what = str(error).partition(":")
        for name in given:
            what = what.replace(name, _option(name))
        raise UsageError(f"{_option(key)}:{what}") from error


def _option(key: str) -> str:
    return f"--{key.partition('[')[0].replace('_', '-')}"


def _numbers(option: str, text: str | None) -> tuple[int, ...] | None:
    try:
        return None if text is None else tuple(int(number) for number in text.split(","))
    except ValueError as error:
        raise UsageError(f"{option}: {text!r} is no list of numbers such as 30,60,90") from error
