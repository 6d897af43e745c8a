"""Defaults of ``edgeslim search``: the space and the table if the user names none."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from edgeslim.conversion.find_space import find_space
from edgeslim.errors import UsageError
from edgeslim.opspec import Shape
from edgeslim.searching.fitting_tables import FittingTable, fitting_tables, no_table_error
from edgeslim.spaces import DEFAULT_SPACE
from edgeslim.training.tasks import find_task

__all__ = ["FIRST_CANDIDATES", "choose_defaults"]

FIRST_CANDIDATES = 8
"""Networks that are evaluated if only a limit is named, so that a first search takes minutes."""

_log = logging.getLogger(__name__)


def choose_defaults(
    space: str | None,
    tables: Sequence[Path],
    limit_count: int,
    device: str,
    input_shape: Shape | None,
    task: str,
) -> tuple[str, Sequence[Path]]:
    """Chooses the space and the tables that the user did not name, and notes what it chose.

    Args:
        space: The space that the user named, if any.
        tables: The tables that the user named, if any.
        limit_count: Number of latency limits.
        device: Device whose table is wanted; empty for any device.
        input_shape: Input shape of the networks, if not the space's own.
        task: Task that the networks are trained for.

    Raises:
        UsageError: No table fits, or those of several devices do and there is no terminal to ask.
    """
    chosen = space or DEFAULT_SPACE
    if space is None:
        _log.warning(
            "the space %s is searched, for the task %s; --space names another, and --candidates "
            "says how long",
            *(chosen, task),
        )
    if tables or limit_count != 1:  # of several limits, only the user knows each one's table
        return chosen, tables
    networks = find_space(chosen).space(input_shape, find_task(task).num_classes)
    found = fitting_tables(networks, device=device)
    if not found:
        raise no_table_error(chosen, device)
    table = found[0] if len(found) == 1 else _ask_user(found)
    _log.warning(
        "%s limits the latency by its table %s; --table names another", table.device, table.path
    )
    return chosen, [table.path]


def _ask_user(found: Sequence[FittingTable]) -> FittingTable:
    """Asks at the terminal which device's table is used."""
    names = [table.device for table in found]
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            f"there are tables of {', '.join(names)}: say which with --device {names[0]}"
        )
    import click
    import typer

    name = typer.prompt("Which device?", type=click.Choice(names), default=names[0], err=True)
    return found[names.index(name)]
