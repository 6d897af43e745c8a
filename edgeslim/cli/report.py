"""``edgeslim report``: writes a report of a run, or of the differences between two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from edgeslim.cli.output import Json, print_json, print_lines
from edgeslim.errors import UsageError
from edgeslim.reporting.report import Report, report

__all__ = ["command"]


def command(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN",
            help="Folder of a run or of deployments; of several, the models beside each other; "
            "with --compare two of them, or two latency tables.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="The file; by default report.html in the run's folder.")
    ] = None,
    format: Annotated[  # noqa: A002 - it is the option's name
        str | None, typer.Option(help="html, markdown or json; by default as the file's name ends.")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Report all deployments over time and versions.")
    ] = False,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="Report what got slower or faster in the second."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Write a report of a run: one file that opens in any browser, without a network.

    Example: edgeslim report runs/quickstart --out report.html

    Example: edgeslim report runs/net runs/pruned runs/int8 --out models.html

    Example: edgeslim report --compare runs/monday runs/tuesday --out difference.html
    """
    if compare and history:
        raise UsageError("--compare and --history are two reports; give one of them")
    if compare:
        from edgeslim.reporting.compare import report_comparison

        if len(runs) != 2:
            raise UsageError(f"--compare takes two runs or two tables, not {len(runs)}")
        done = report_comparison(runs[0], runs[1], out=out, format=format)
    elif len(runs) > 1:
        from edgeslim.reporting.side_by_side import report_side_by_side

        if history:
            raise UsageError("--history is of one run")
        done = report_side_by_side(runs, out=out, format=format)
    else:
        done = report(runs[0], out=out, format=format, history=history)
    if as_json:
        print_json(msgspec.structs.asdict(done))
    else:
        _print(done)


def _print(done: Report) -> None:
    print_lines(done.verdict, f"{done.report}: {done.format}, {done.size_bytes / 1e6:.2f} MB")
    if done.absent:
        print_lines(f"no data yet for: {', '.join(done.absent)}")
