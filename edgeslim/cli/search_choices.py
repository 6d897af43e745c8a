"""What ``edgeslim search`` takes where the user names no space or table."""

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

__all__ = ["FIRST_CANDIDATES", "assumed"]

FIRST_CANDIDATES = 8
"""Networks that are evaluated where nothing but a limit is named: a first search takes minutes."""

_log = logging.getLogger(__name__)


def assumed(
    space: str | None,
    tables: Sequence[Path],
    limit_count: int,
    device: str,
    input_shape: Shape | None,
    task: str,
) -> tuple[str, Sequence[Path]]:
    """The space and the tables, said where they were not given.

    Args:
        space: What the user named, if anything.
        tables: Likewise.
        limit_count: How many latency limits there are.
        device: Whose table is wanted; of any if it is empty.
        input_shape: Input of the networks, if not the space's own.
        task: What they are for.

    Raises:
        UsageError: No table fits, or those of several devices, and nobody can be asked.
    """
    chosen = space or DEFAULT_SPACE
    if space is None:
        _log.warning(
            "the space %s is searched, for the task %s; --space names another, and --candidates "
            "says how long",
            *(chosen, task),
        )
    if tables or limit_count != 1:  # of several limits each needs the table that is meant
        return chosen, tables
    networks = find_space(chosen).space(input_shape, find_task(task).num_classes)
    found = fitting_tables(networks, device=device)
    if not found:
        raise no_table_error(chosen, device)
    table = found[0] if len(found) == 1 else _asked(found)
    _log.warning(
        "%s limits the latency by its table %s; --table names another", table.device, table.path
    )
    return chosen, [table.path]


def _asked(found: Sequence[FittingTable]) -> FittingTable:
    """The table of the device that the person at the terminal chooses."""
    names = [table.device for table in found]
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            f"there are tables of {', '.join(names)}: say which with --device {names[0]}"
        )
    import click
    import typer

    name = typer.prompt("Which device?", type=click.Choice(names), default=names[0], err=True)
    return found[names.index(name)]
