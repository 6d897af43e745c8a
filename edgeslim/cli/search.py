"""``edgeslim search``: finds the most accurate network within limits; joins or shows a search."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeslim.cli.output import Json, print_json, print_lines
from edgeslim.cli.request_options import with_options
from edgeslim.cli.search_defaults import choose_tables
from edgeslim.cli.search_output import print_result, print_status, result_document, status_document
from edgeslim.counts import format_count
from edgeslim.errors import UsageError
from edgeslim.searching.request import MACHINES, SearchRequest
from edgeslim.searching.search import search

__all__ = ["command"]


@with_options
def command(
    request: SearchRequest,
    join: Annotated[
        str | None,
        typer.Option(
            help="Work on a running search: its folder, or its name in --storage.",
            rich_help_panel=MACHINES.panel,
        ),
    ] = None,
    status: Annotated[
        str | None,
        typer.Option(
            help="Show a search's state: its folder, or its name in --storage.",
            rich_help_panel=MACHINES.panel,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Search a space for the most accurate network within limits, measured at the end.

    If no space or table is named, it says which one it takes.

    Example: edgeslim search --target-latency 20ms

    Example: edgeslim search --target-latency 0.3ms --space light-nas-small --table host.jsonl

    By work alone: edgeslim search --max-macs 5M --space light-nas-small

    On more machines: edgeslim search --join RUN. To watch: edgeslim search --status RUN.
    """
    if status is not None or join is not None:
        if request.targets or request.space or request.tables:
            raise UsageError("a search that was begun has its limits, space and tables already")
        _take_part(request, join, status, as_json=as_json)
        return
    if request.device is not None and request.device.name and request.tables:
        raise UsageError(
            "--device says whose table is taken; a search's devices are those of its --table"
        )
    result = search(choose_tables(request))
    if as_json:
        print_json(result_document(result))
    else:
        print_result(result)


def _take_part(
    request: SearchRequest, joined: str | None, watched: str | None, *, as_json: bool
) -> None:
    """Runs ``--join`` or ``--status``."""
    if watched is not None:
        if joined is not None:
            raise UsageError("--join and --status are two things; give one")
        from edgeslim.searching.status import search_status

        found = search_status(watched, storage=request.storage)
        if as_json:
            print_json(status_document(found))
        else:
            print_status(found)
        return
    from edgeslim.searching.join import join

    device = request.device
    done = join(
        joined or "",
        storage=request.storage,
        device=device if device is not None and device.name else None,
        supernet=request.supernet,
        progress=request.progress,
    )
    if as_json:
        print_json({"evaluated": done.evaluated, "measured": done.measured})
    else:
        evaluated = format_count(done.evaluated, "candidate")
        print_lines(f"{evaluated} evaluated and {done.measured} measured here")
