"""Objects that a user's file defines, held to what they should be."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from edgeslim.conversion.user_file import load_user_file
from edgeslim.errors import BadFileError, EdgeslimError, UnknownNameError

__all__ = ["check_has", "named_in_file", "telling"]

P = ParamSpec("P")
Result = TypeVar("Result")

_FILE = re.compile(r"(?P<file>.+\.py)(:(?P<name>[A-Za-z_]\w*))?")
_FUNCTIONS = {"build", "data", "loss", "metric", "batch", "update", "value"}


def named_in_file(text: str, default: str) -> tuple[Path, str, Any] | None:
    """What ``file.py`` or ``file.py:OBJECT`` names, or None if the text is neither.

    Args:
        text: As on the command line.
        default: The object, if none is named.

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
    """Makes sure of the attributes of an object, and that those which do something can.

    Raises:
        BadFileError: It lacks some; says which.
    """
    lacking = [part for part in parts if not hasattr(thing, part)]
    if lacking:
        raise BadFileError(f"{name} has no {', no '.join(lacking)}")
    for part in parts:
        if part in _FUNCTIONS and not callable(getattr(thing, part)):
            raise BadFileError(f"{name}.{part} must be a function")


def telling(name: str, function: Callable[P, Result]) -> Callable[P, Result]:
    """A function of the user, of which it is said in one line what it raises."""

    def told(*args: P.args, **kwargs: P.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except EdgeslimError:
            raise
        except Exception as error:
            # The user's own code may raise anything.
            raise BadFileError(f"{name} raises {type(error).__name__}: {error}") from error

    return told
