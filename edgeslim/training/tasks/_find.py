"""Finds the task that is named on the command line: by name, with a folder, or in a file."""

from __future__ import annotations

import re
from pathlib import Path

from edgeslim.conversion.user_object import find_in_file
from edgeslim.errors import BadFileError, UnknownNameError, UsageError
from edgeslim.registry import Shelf
from edgeslim.training.tasks._entry import TaskEntry
from edgeslim.training.tasks._task import Task
from edgeslim.training.tasks._user_task import UserTask

__all__ = ["TASKS", "find_task"]

TASKS: Shelf[TaskEntry] = Shelf(what="task", package="edgeslim.training.tasks", attribute="TASK")
"""All tasks, by name."""

_DEFAULT_NAME = "TASK"
_CHOICE = re.compile(r",(?P<key>\w+)=(?P<value>\w+)$")


def find_task(text: str) -> Task:
    """Finds the task that ``text`` names.

    Args:
        text: ``NAME``, ``NAME:FOLDER``, ``file.py`` or ``file.py:OBJECT``; a file defines
            ``TASK`` if no object is named. Choices of a task stand behind the folder:
            ``voc:FOLDER,ap_version=integral``.

    Raises:
        UnknownNameError: No such name, here or in the file; the nearest is offered.
        UsageError: A folder is missing, or is given to a task that takes none.
        BadFileError: A folder or file that is not what the task needs; says what it lacks.
    """
    found = find_in_file(text, _DEFAULT_NAME)
    if found is not None:
        file, object_name, task = found
        return UserTask(f"{file}: {object_name}", task)
    name, colon, folder = text.partition(":")
    if not colon:  # a choice may stand behind the name as well
        name, comma, choice = text.partition(",")
        folder = comma + choice
    entry = TASKS.get(name)
    folder, chosen = _parse_choices(name, entry, folder)
    if colon and not folder:
        raise UsageError(f"{text!r} names no folder after the colon")
    return entry.open(_folder(name, entry, Path(folder) if folder else None), chosen)


def _parse_choices(name: str, entry: TaskEntry, folder: str) -> tuple[str, dict[str, str]]:
    """Splits a folder from the choices behind it."""
    found = {key: values[0] for key, values in entry.choices.items()}
    given: set[str] = set()
    while choice := _CHOICE.search(folder):
        key, value = choice["key"], choice["value"]
        if key not in entry.choices:
            if not entry.choices:
                break  # it may be part of the folder's name
            raise UnknownNameError(f"choice of {name}", key, entry.choices)
        if value not in entry.choices[key]:
            raise UsageError(f"{name}: {UnknownNameError(key, value, entry.choices[key])}")
        if key in given:
            raise UsageError(f"{name}: {key} is given twice; remove one")
        given.add(key)
        found[key], folder = value, folder[: choice.start()]
    return folder, found


def _folder(name: str, entry: TaskEntry, folder: Path | None) -> Path | None:
    """Checks the folder that a task is opened from."""
    if not entry.holds:
        if folder is not None:
            raise UsageError(f"{name} has its images with it and takes no folder; write {name}")
        return None
    if folder is None:
        if entry.default_folder is None:
            raise UsageError(
                f"{name} needs a folder with {entry.holds}; write {name}:/path/to/folder"
            )
        if not entry.default_folder.is_dir():
            raise UsageError(
                f"{name} is not in {entry.default_folder}; give a folder with {entry.holds}: "
                f"{name}:/path/to/folder"
            )
        return entry.default_folder
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "does not exist"
        raise BadFileError(f"{folder} {what}; {name} needs a folder with {entry.holds}")
    return folder
