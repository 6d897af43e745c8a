"""Finding the space of a SPACE on the command line: a name, or a user's own file."""

from __future__ import annotations

import operator
from pathlib import Path
from typing import Any

from edgeslim.conversion.traced_space import TracedSpace, UserSpace
from edgeslim.conversion.user_object import check_has, find_in_file
from edgeslim.errors import BadFileError, UsageError
from edgeslim.models import MODELS
from edgeslim.opspec import Shape
from edgeslim.progress import SILENT, Progress
from edgeslim.spaces import SPACES, SpaceFamily, Tokens, check_tokens

__all__ = ["find_space"]

_DEFAULT_NAME = "SPACE"
_IS_SPACE = ("ranges", "initial_tokens", "build", "input_shape", "num_classes")


def find_space(text: str, *, progress: Progress = SILENT) -> SpaceFamily:
    """Finds the space that ``text`` names.

    Args:
        text: ``NAME``, ``file.py`` or ``file.py:OBJECT``; a file defines ``SPACE`` if no
            object is named. The object is a `SpaceFamily`, or has ``ranges``,
            ``initial_tokens``, ``input_shape``, ``num_classes`` and
            ``build(tokens, num_classes)``; see ``docs/spaces.md``.
        progress: Display that shows how many networks of a user's space are traced.

    Raises:
        UnknownNameError: There is no such name, here or in the file; the nearest is offered.
        BadFileError: The file does not define a valid space; the message says what is wrong.
    """
    found = find_in_file(text, _DEFAULT_NAME)
    if found is None:
        if text in MODELS and text not in SPACES:
            raise UsageError(
                f"{text} is a model, not a search space; the spaces are {', '.join(SPACES.names())}"
            )
        if text not in SPACES and (Path(text) / "model.pdmodel").is_file():
            raise UsageError(
                f"{text} is the folder of a model, not a search space; the spaces are "
                f"{', '.join(SPACES.names())}"
            )
        return SPACES.get(text)
    file, object_name, thing = found
    if isinstance(thing, SpaceFamily):
        return thing
    name = file.stem if object_name == _DEFAULT_NAME else f"{file.stem}-{object_name}"
    name = name.lower().replace("_", "-")
    if name in SPACES:
        raise BadFileError(f"there is a space called {name} already; give {file} another name")
    return _family(_user_space(name, f"{file}: {object_name}", thing), thing, progress)


def _family(space: UserSpace, thing: Any, progress: Progress) -> SpaceFamily:  # noqa: ANN401
    where = space.where
    input_shape = _numbers(f"{where}.input_shape", thing.input_shape)
    (num_classes,) = _numbers(f"{where}.num_classes", [thing.num_classes])

    def make(shape: Shape, classes: int) -> TracedSpace:
        return TracedSpace(space, shape, classes, progress=progress)

    return SpaceFamily(
        make=make,
        summary=str(getattr(thing, "summary", "")) or f"of {where}",
        input_shape=input_shape,
        num_classes=num_classes,
        detects=bool(getattr(thing, "detects", False)),
    )


def _user_space(name: str, where: str, thing: Any) -> UserSpace:  # noqa: ANN401
    """The space of a user's object, whose attributes are checked."""
    check_has(where, thing, _IS_SPACE)
    ranges = _numbers(f"{where}.ranges", thing.ranges)
    if not ranges:
        raise BadFileError(f"{where}.ranges is empty; say how many values each token has")
    for place, size in enumerate(ranges):
        if size < 1:
            raise BadFileError(f"{where}.ranges[{place}] must be at least 1, not {size}")
    if max(ranges) == 1:
        raise BadFileError(f"{where}.ranges leave nothing to choose: all are 1")
    initial_tokens = _numbers(f"{where}.initial_tokens", thing.initial_tokens)
    try:
        check_tokens(initial_tokens, ranges)
    except UsageError as error:
        raise BadFileError(f"{where}.initial_tokens: {error}") from error
    return UserSpace(
        name=name,
        where=where,
        ranges=ranges,
        initial_tokens=initial_tokens,
        build=thing.build,
        parts=_parts(f"{where}.parts", getattr(thing, "parts", ()), len(ranges)),
    )


def _parts(where: str, given: Any, count: int) -> tuple[Tokens, ...]:  # noqa: ANN401
    """Positions of the tokens of each part, in rising order."""
    try:
        listing = list(given)
    except TypeError:
        raise BadFileError(f"{where} must be lists of positions, not {given!r}") from None
    parts = []
    for place, listed in enumerate(listing):
        positions = tuple(sorted(set(_numbers(f"{where}[{place}]", listed))))
        for position in positions:
            if not 0 <= position < count:
                raise BadFileError(
                    f"{where}[{place}]: there is no token {position}; "
                    f"positions are 0 to {count - 1}"
                )
        parts.append(positions)
    return tuple(parts)


def _numbers(where: str, given: Any) -> tuple[int, ...]:  # noqa: ANN401
    """Integers that a user gave, checked."""
    try:
        return tuple(operator.index(number) for number in given)
    except TypeError:
        raise BadFileError(f"{where} must be whole numbers, not {given!r}") from None
