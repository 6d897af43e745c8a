"""``edgeslim table``: imports, exports, shows and checks latency tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from edgeslim.cli.output import GAPS, Json, print_json, print_lines, print_table
from edgeslim.cli.request_options import with_options
from edgeslim.counts import format_count
from edgeslim.durations import format_ms
from edgeslim.latency_table import LatencyTable
from edgeslim.pictures import check_picture
from edgeslim.prediction.predictor import Predictor
from edgeslim.profiling.copied_tables import add_copies
from edgeslim.profiling.timed_networks import NetworksRequest, table_of_networks
from edgeslim.table_formats import FORMATS, Refusal
from edgeslim.tables.chart import chart_rows
from edgeslim.tables.check import Finding, check_table
from edgeslim.tables.export_table import export_table
from edgeslim.tables.families import Family, choose_family, families
from edgeslim.tables.import_table import ImportRequest, import_table
from edgeslim.tables.plot import plot_family

__all__ = ["app"]

_MAX_LINES = 20
"""Lines of a long list that are printed; the JSON document has all."""

app = typer.Typer(
    help="Import, export, show and check latency tables.",
    no_args_is_help=True,
    add_completion=False,
)

_Table = Annotated[Path, typer.Argument(help="A latency table.")]
_Format = Annotated[
    str, typer.Option("--format", help=f"The other format: {', '.join(FORMATS.names())}.")
]


@app.command("import")
@with_options
def import_(request: ImportRequest, as_json: Json = False) -> None:
    """Import timings of others; rows that cannot be imported are listed.

    Anybody's timings are a CSV or JSON Lines of format timings, which docs/tables.md describes;
    profiles of other runtimes and tables of other projects have formats of their own.

    Example: edgeslim table import times.csv --format timings --device my-phone
    --target ncnn --fusion arm --out my-phone.jsonl
    """
    done = import_table(request)
    if as_json:
        print_json(
            {
                "table": done.table,
                "operators": done.operators,
                "networks": done.networks,
                "refused": _refusals(done.refused),
                "notes": done.notes,
                "provenance": done.context.provenance,
                "convention": done.context.convention.value,
                "target": done.context.foreign_target or done.context.execution.target.value,
            }
        )
    else:
        counts = [format_count(done.operators, "operator")]
        counts += [format_count(done.networks, "network")] if done.networks else []
        print_lines(
            f"{done.table}: {' and '.join(counts)}; {done.context.provenance}",
            f"its operators are {done.context.convention}, on {done.context.execution_text}",
            *done.notes,
        )
        _print_refused("rows were not imported", done.refused)
    if done.refused:
        raise typer.Exit(GAPS)


@app.command("networks")
@with_options
def networks(request: NetworksRequest, as_json: Json = False) -> None:
    """Make a table from times of whole networks alone; operators are estimated from them.

    Example: edgeslim table networks times.csv --device my-phone --threads 4 --out my-phone.jsonl
    """
    done = table_of_networks(request)
    error = done.calibration.mean_error
    if as_json:
        print_json(
            {
                "table": done.table,
                "networks": list(done.calibration.residuals),
                "mean_error_percent": 100 * error,
                "provenance": done.context.provenance,
            }
        )
        return
    count = format_count(len(done.calibration.residuals), "network")
    print_lines(
        f"{done.table}: {count}; {done.context.provenance}",
        f"each family of networks, left out of the fit: {error:.1%} off on average",
    )


@app.command("export")
def export(
    table: _Table,
    format_name: _Format,
    out: Annotated[Path, typer.Option(help="Where to write the file.")],
    as_json: Json = False,
) -> None:
    """Write a table in another project's format; rows that the format cannot hold are listed.

    Example: edgeslim table export host.jsonl --format paddleslim-2 --out host.txt
    """
    done = export_table(table, format_name, out)
    if as_json:
        print_json(
            {
                "file": done.file,
                "operators": len(done.operators),
                "refused": _refusals(done.refused),
                "refused_kinds": done.refused_kinds,
                "notes": done.notes,
            }
        )
    else:
        print_lines(f"{done.file}: {format_count(len(done.operators), 'operator')}", *done.notes)
        kinds = ", ".join(f"{count} {kind}" for kind, count in done.refused_kinds.items())
        _print_refused(f"operators were left out ({kinds})", done.refused)
    if done.refused:
        raise typer.Exit(GAPS)


@app.command("show")
def show(
    table: _Table,
    kind: Annotated[str | None, typer.Option(help="Only this kind of operator: conv2d.")] = None,
    family: Annotated[
        str | None, typer.Option(help="The family to draw: its number, or a part of its name.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the family into this .png or .svg.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List families of operators, or draw one: its latency over its channels.

    Example: edgeslim table show 855.jsonl --family 'conv2d 1x1, 40x40' --plot stairs.png
    """
    if plot is not None:
        check_picture(plot)
    known = LatencyTable.read(table)
    found = families(known, kind=kind)
    chosen = choose_family(found, family or "1") if family or plot else None
    if plot is not None and chosen is not None:
        subtitle = f"{known.context.device}, {_state(known, chosen)}"
        plot_family(chosen, plot, subtitle=subtitle)
    if as_json:
        listed = [
            {"family": found_family.name, "operators": len(found_family.points)}
            for found_family in found
        ]
        drawn = None if chosen is None else _family_document(chosen)
        copies = [
            {"device": copy.name, "operators": len(copy.operators), "digest": copy.digest}
            for copy in known.likes
        ]
        print_json({"families": listed, "family": drawn, "plot": plot, "copies": copies})
    elif chosen is None:
        context = known.context
        print_lines(f"{context.device} ({context.hardware}): {context.execution_text}")
        print_lines(
            *([context.provenance] if context.provenance else []),
            *(
                f"what is not listed is estimated from {len(copy.operators)} operators of "
                f"{copy.name} as well"
                for copy in known.likes
            ),
            "",
        )
        print_table(
            ["", "family", "operators", "from", "to"],
            [
                [str(number), *_row(found_family)]
                for number, found_family in enumerate(found, start=1)
            ],
        )
    else:
        print_lines(f"{chosen.name} ({_state(known, chosen)})")
        print_table(["in", "out", "latency", "", ""], chart_rows(chosen))
        print_lines(*([f"drawn in {plot}"] if plot else []))


@app.command("like")
def like(
    table: _Table,
    others: Annotated[
        list[Path], typer.Argument(help="Tables of other devices, of the same convention.")
    ],
    as_json: Json = False,
) -> None:
    """Estimate what a table lacks from tables of other devices, which it keeps a copy of.

    It is for tables that were imported with few operators and networks; of a device that is at
    hand, edgeslim profile --like measures those that tell most.

    Example: edgeslim table like my-phone.jsonl other-phone.jsonl
    """
    added, copies = add_copies(table, others)
    predictor = Predictor(added)
    weights = predictor.rows.device_weights
    error = predictor.calibration.mean_error
    if as_json:
        print_json(
            {
                "table": table,
                "copies": [copy.name for copy in copies],
                "device_weights": weights,
                "mean_error_percent": None if math.isnan(error) else 100 * error,
            }
        )
        return
    print_lines(*(f"estimated from {name}: {weight:.0%}" for name, weight in weights.items()))
    if not math.isnan(error):
        count = len(predictor.calibration.residuals)
        print_lines(f"{count} whole networks, each left out of the fit: {error:.1%} off on average")


@app.command("check")
def check(table: _Table, as_json: Json = False) -> None:
    """Look for rows that cannot be trusted, such as those that contradict each other.

    Operators that are faster with more channels are listed too, and may be right. Exits with 3 if
    anything else is found.

    Example: edgeslim table check host.jsonl
    """
    done = check_table(table)
    if as_json:
        print_json(
            {
                "operators": done.operators,
                "networks": done.networks,
                "findings": _findings(done.findings),
                "suspicions": _findings(done.suspicions),
            }
        )
    else:
        print_lines(
            f"{format_count(done.operators, 'operator')}, {format_count(done.networks, 'network')}"
        )
        for what, found in (
            ("findings", done.findings),
            ("suspicions: more channels, less time", done.suspicions),
        ):
            if found:
                _print_long(
                    f"{len(found)} {what}", [f"{finding.kind}: {finding.text}" for finding in found]
                )
    if done.findings:
        raise typer.Exit(GAPS)


def _state(table: LatencyTable, family: Family) -> str:
    """The cache state of a family, which imported tables do not record."""
    return "cache state not recorded" if table.context.provenance else str(family.cache)


def _row(family: Family) -> list[str]:
    latencies = [point.measurement.latency_ms for point in family.points]
    return [
        family.name,
        str(len(family.points)),
        format_ms(min(latencies)),
        format_ms(max(latencies)),
    ]


def _family_document(family: Family) -> dict[str, object]:
    return {
        "name": family.name,
        "swept_bytes": family.cache.swept_bytes,
        "points": [
            {
                "c_in": point.c_in,
                "c_out": point.c_out,
                "latency_ms": point.measurement.latency_ms,
                "middle_half_ms": point.middle_half_ms,
                "samples": len(point.measurement.samples_ns),
                "stable": point.measurement.is_stable,
            }
            for point in family.points
        ],
    }


def _refusals(refused: Sequence[Refusal]) -> list[dict[str, str]]:
    return [{"place": refusal.place, "reason": refusal.reason} for refusal in refused]


def _findings(found: Sequence[Finding]) -> list[dict[str, str]]:
    return [{"kind": finding.kind, "text": finding.text} for finding in found]


def _print_refused(what: str, refused: Sequence[Refusal]) -> None:
    if refused:
        _print_long(f"{len(refused)} {what}", [str(refusal) for refusal in refused])


def _print_long(heading: str, lines: Sequence[str]) -> None:
    """Prints the first lines of a list, and how many more there are."""
    print_lines(f"{heading}:", *(f"  {line}" for line in lines[:_MAX_LINES]))
    if len(lines) > _MAX_LINES:
        print_lines(f"  and {len(lines) - _MAX_LINES} more (--json lists all)")
