"""What can be asked of every training, by the command line and from Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from edgeslim.errors import UsageError
from edgeslim.options import OPTION, Option, OptionsOf
from edgeslim.training.schedules import DEFAULT_SCHEDULE, FLAT_KEYS, RateKeys, Schedule

__all__ = [
    "FINE_TUNING_RATE",
    "FRESH_RATE",
    "TRAINING",
    "TrainingOptions",
    "schedule_of_options",
]

FRESH_RATE = 0.1
FINE_TUNING_RATE = 0.01
"""Highest rate for trained weights, which the full rate would destroy."""


def schedule_of_options(**given: object) -> Schedule:
    """Makes the schedule that options describe, which are called as the keys.

    Raises:
        UsageError: They contradict each other; the message names the option.
    """
    try:
        return msgspec.convert(given, RateKeys).schedule()
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$.")
        raise UsageError(f"{_option(place.rstrip('`'))}: {what[0].lower()}{what[1:]}") from error
    except UsageError as error:
        key, _, what = str(error).partition(":")
        for name in FLAT_KEYS:
            what = what.replace(name, _option(name))
        raise UsageError(f"{_option(key)}:{what}") from error


def _option(key: str) -> str:
    return f"--{key.partition('[')[0].replace('_', '-')}"


_SCHEDULE = OptionsOf(RateKeys, make=schedule_of_options)
"""A schedule of the learning rate is made of the options of `RateKeys`."""

TRAINING = Option("Training")


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingOptions:
    """Numbers of a training; how many epochs it takes, its request says."""

    batch_size: Annotated[int, TRAINING] = 64
    """Examples of a training step."""
    learning_rate: Annotated[float | None, TRAINING("--learning-rate", "--lr")] = None
    """Highest learning rate; by default 0.1 for new weights, 0.01 for saved ones."""
    schedule: Annotated[Schedule, _SCHEDULE] = DEFAULT_SCHEDULE
    """Schedule of the learning rate; by default a short warm-up, then a falling cosine."""
    seed: Annotated[int, OPTION] = 0
    """Seed of everything random."""
