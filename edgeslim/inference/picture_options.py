"""How pixels become numbers where no task says it, as options of a command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from edgeslim.errors import UsageError
from edgeslim.options import Option

__all__ = ["PlainPictureOptions"]

_PIXELS = Option("Without a task")


def _parse_numbers(option: str, text: str) -> tuple[float, ...]:
    try:
        return tuple(float(number) for number in text.split(","))
    except ValueError as error:
        raise UsageError(f"{option} is a number or three, like 127.5, not {text!r}") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class PlainPictureOptions:
    """What can be asked of pictures without a task."""

    mean: Annotated[Sequence[float], _PIXELS(parse=partial(_parse_numbers, "--mean"))] = ()
    """Pixels of 0 to 255 are read as (pixel - mean) / scale: 127.5, or three for the channels."""
    scale: Annotated[Sequence[float], _PIXELS(parse=partial(_parse_numbers, "--scale"))] = ()
    """The scale: see --mean."""
