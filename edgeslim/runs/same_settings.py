"""Whether a run's folder is of the settings that are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edgeslim.errors import ContextMismatchError

__all__ = ["check_same_settings"]


def check_same_settings(
    folder: Path, what: str, there: object, wanted: object, names: Iterable[str]
) -> None:
    """Checks that settings are those that a folder has kept.

    Args:
        folder: Folder of the run.
        what: Words for a folder with other settings, such as ``of another pruning``.
        there: Settings in the folder.
        wanted: Settings that are asked for, of the same class.
        names: Names of the fields that are compared, in order.

    Raises:
        ContextMismatchError: A field differs; the message names the first, with both values.
    """
    for name in names:
        theirs, mine = getattr(there, name), getattr(wanted, name)
        if theirs != mine:
            raise ContextMismatchError(
                f"{folder} is {what}: its {name.replace('_', ' ')} is {theirs}, not {mine}; give "
                "another --out"
            )
