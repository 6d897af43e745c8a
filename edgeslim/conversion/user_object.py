"""Objects that a user's file defines, with checks of their attributes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from edgeslim.conversion.user_file import load_user_file
from edgeslim.errors import BadFileError, EdgeslimError, UnknownNameError

__all__ = ["check_has", "find_in_file", "with_error_context"]

P = ParamSpec("P")
Result = TypeVar("Result")

_FILE = re.compile(r"(?P<file>.+\.py)(:(?P<name>[A-Za-z_]\w*))?")
_FUNCTIONS = {"build", "data", "loss", "metric", "batch", "update", "value"}


def find_in_file(text: str, default: str) -> tuple[Path, str, Any] | None:
    """Finds the object of ``file.py`` or ``file.py:OBJECT``; None if the text is neither.

    Args:
        text: Text as on the command line.
        default: Name of the object, if none is given.

    Returns:
        The file, the object's name and the object.

    Raises:
        BadFileError: The file does not load, does not define the default, or it is a class.
        UnknownNameError: It does not define the object; the nearest one is offered.
    """
    match = _FILE.fullmatch(text)
    if match is None:
        return None
    file, name = Path(match["file"]), match["name"] or default
    members = vars(load_user_file(file))
    if name in members:
        if isinstance(members[name], type):
            raise BadFileError(
                f"{file}: {name} is a class; give one of its objects: {members[name].__name__}()"
            )
        return file, name, members[name]
    if name == default:
        what = default.lower()
        raise BadFileError(
            f"{file} defines no {name}; define it, or name what is the {what}: {file}:NAME"
        )
    public = [key for key in members if not key.startswith("_")]
    raise UnknownNameError(f"object in {file}", name, public)


def check_has(name: str, thing: object, parts: tuple[str, ...]) -> None:
    """Checks that an object has some attributes, and that those for functions are functions.

    Raises:
        BadFileError: It lacks some; the message says which.
    """
    lacking = [part for part in parts if not hasattr(thing, part)]
    if lacking:
        raise BadFileError(f"{name} has no {', no '.join(lacking)}")
    for part in parts:
        if part in _FUNCTIONS and not callable(getattr(thing, part)):
            raise BadFileError(f"{name}.{part} must be a function")


def with_error_context(name: str, function: Callable[P, Result]) -> Callable[P, Result]:
    """Wraps a function of the user so that its errors become one line with its name."""

    def call(*args: P.args, **kwargs: P.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except EdgeslimError:
            raise
        except Exception as error:
            # The user's own code may raise anything.
            raise BadFileError(f"{name} raises {type(error).__name__}: {error}") from error

    return call
