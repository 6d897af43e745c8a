"""The numbers of a training, told apart from what else it is called with."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from edgeslim.training.trainer import TrainingSettings

__all__ = ["settings_of"]


def settings_of(options: dict[str, Any]) -> tuple[TrainingSettings, dict[str, Any]]:
    """The settings among some options, and the other options."""
    names = {field.name for field in fields(TrainingSettings)}
    others = {name: value for name, value in options.items() if name not in names}
    numbers = {name: value for name, value in options.items() if name in names}
    return TrainingSettings(**numbers), others
