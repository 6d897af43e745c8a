"""The latency table that is meant where a command is told none."""

from __future__ import annotations

import logging
from pathlib import Path

from edgeslim.errors import UsageError

__all__ = ["TABLES", "find_only_table"]

TABLES = Path("latency_tables")
"""Folder beside the user's project in which ``edgeslim profile`` keeps tables, by device."""

_log = logging.getLogger(__name__)


def find_only_table(folder: Path = TABLES) -> Path:
    """The one table that there is; a warning in the log says which it is.

    Args:
        folder: Folder with a folder for each device.

    Raises:
        UsageError: There is none, or there are several; the message says what to do.
    """
    found = sorted(folder.glob("*/*.jsonl")) if folder.is_dir() else []
    if not found:
        raise UsageError(
            f"there is no latency table under {folder}: name one with --table (snapdragon-855 "
            "comes with edgeslim), or measure one with edgeslim profile"
        )
    if len(found) > 1:
        raise UsageError(
            f"there are {len(found)} latency tables under {folder}: name one with --table, such as "
            f"{found[0]}"
        )
    _log.warning("the latency table is %s; --table names another", found[0])
    return found[0]
