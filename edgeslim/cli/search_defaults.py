"""Defaults of ``edgeslim search``: the space and the table if the user names none."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import replace

from edgeslim.conversion.find_space import find_space
from edgeslim.errors import UsageError
from edgeslim.searching.fitting_tables import FittingTable, fitting_tables, no_table_error
from edgeslim.searching.request import SearchRequest
from edgeslim.training.tasks import find_task

__all__ = ["choose_tables"]

_log = logging.getLogger(__name__)


def choose_tables(request: SearchRequest) -> SearchRequest:
    """Notes which space is searched if the user names none, and chooses the table in that case.

    Args:
        request: The search as the user asks for it.

    Raises:
        UsageError: No table fits, or those of several devices do and there is no terminal to ask.
    """
    name, task = request.space_name, request.task
    if request.space is None:
        _log.warning(
            "the space %s is searched, for the task %s; --space names another, and --candidates "
            "says how long",
            *(name, task),
        )
    # Of several limits, only the user knows each one's table.
    if request.tables or len(request.targets) != 1:
        return request
    device = "" if request.device is None else request.device.name
    networks = find_space(name).space(request.input_shape, find_task(task).num_classes)
    found = fitting_tables(networks, device=device)
    if not found:
        raise no_table_error(name, device)
    table = found[0] if len(found) == 1 else _ask_user(found)
    _log.warning(
        "%s limits the latency by its table %s; --table names another", table.device, table.path
    )
    return replace(request, table=table.path)


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
