"""``edgeslim report --compare``: a report of what differs between two runs or two tables."""

from __future__ import annotations

from pathlib import Path

from edgeslim.deployment.compare_deployments import compare
from edgeslim.deployment.compare_tables import compare_tables
from edgeslim.durations import now
from edgeslim.errors import UsageError
from edgeslim.latency_rows import ROWS, TableContext
from edgeslim.latency_table import LatencyTable
from edgeslim.reporting.compared_runs import (
    comparison_facts,
    comparison_sections,
    comparison_verdict,
)
from edgeslim.reporting.compared_sides import side_facts
from edgeslim.reporting.compared_tables import table_facts, table_sections, table_verdict
from edgeslim.reporting.document import ReportDocument
from edgeslim.reporting.read_run import read_run
from edgeslim.reporting.report import Report, check_out, choose_format, write_report
from edgeslim.version import __version__

__all__ = ["report_comparison"]


def report_comparison(
    before: Path,
    after: Path,
    *,
    out: Path | None = None,
    format: str | None = None,  # noqa: A002 - as on the command line
) -> Report:
    """Writes a report of what got slower or faster.

    Args:
        before: A run that was deployed, or a latency table.
        after: Another of the same kind. Of two runs, the one that was deployed first is the first.
        out: The file; by default ``comparison`` in the folder of ``after``.
        format: ``html``, ``markdown`` or ``json``, as in `edgeslim.reporting.report.report`.

    Raises:
        UsageError: One is a run and the other a table; a run was not deployed yet.
        UnknownNameError, BadFileError, UnwritableError: As `edgeslim.reporting.report.report`.
    """
    name, file = choose_format(after, out, format, stem="comparison")
    check_out(file)
    tables = [_is_table(path) for path in (before, after)]
    if any(tables) and not all(tables):
        run, table = (before, after) if tables[1] else (after, before)
        raise UsageError(f"{table} is a latency table and {run} is none; give two of a kind")
    document = _compare_tables(before, after) if all(tables) else _compare_runs(before, after)
    return write_report(document, file, name)


def _is_table(path: Path) -> bool:
    """Whether a file begins as a latency table does."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        line = stream.readline()
    try:
        return isinstance(ROWS.decoder.decode(line), TableContext)
    except ValueError:
        return False


def _compare_runs(before: Path, after: Path) -> ReportDocument:
    sides = [read_run(path) for path in (before, after)]
    for side in sides:
        if not side.deployments:
            raise UsageError(f"{side.path} was not deployed yet: edgeslim deploy {side.path}")
    # Times are written alike, so that their texts are in the order of time.
    sides.sort(key=lambda side: side.deployments[-1].created)
    found = compare(sides[0].deployments, sides[1].deployments)
    return ReportDocument(
        title=f"{sides[0].name} and {sides[1].name}",
        kind="comparison",
        run=f"{sides[0].path} and {sides[1].path}",
        created=now(),
        edgeslim=__version__,
        verdict=comparison_verdict(found),
        facts=(*comparison_facts(found), *side_facts(sides[0], sides[1])),
        sections=comparison_sections(found, sides[0], sides[1]),
    )


def _compare_tables(before: Path, after: Path) -> ReportDocument:
    sides = [LatencyTable.read(path) for path in (before, after)]
    found = compare_tables(sides[0], sides[1])
    return ReportDocument(
        title=f"{before.name} and {after.name}",
        kind="comparison",
        run=f"{before} and {after}",
        created=now(),
        edgeslim=__version__,
        verdict=table_verdict(found),
        facts=table_facts(found),
        sections=table_sections(found, sides[0], sides[1]),
    )
