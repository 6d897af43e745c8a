"""The counters of OpenVINO: ``benchmark_app -report_type detailed_counters``, as a CSV.

Times are means over all runs since the model was compiled, the first one included, in whole
microseconds (seen in OpenVINO 2026.4). The counters have neither shapes nor stable names, so the
runtime model of the same run (``-exec_graph_path``) must lie beside them; benchmark_app's own
report, if it is there, says how long whole runs took. The ONNX model (``--model``) has attributes
that neither says, such as the windows of poolings.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeslim.errors import BadFileError
from edgeslim.files import read_bytes
from edgeslim.latency_rows import Convention
from edgeslim.measurement import Measurement, RunSummary
from edgeslim.opspec import OpSpec
from edgeslim.table_formats._format import (
    ForeignNetwork,
    ForeignRow,
    ForeignTable,
    LatencyUnit,
    ReadOptions,
    TableFormat,
    parse_latency,
    text_lines,
)
from edgeslim.table_formats._onnx_file import read_onnx
from edgeslim.table_formats._openvino_graph import ExecutedLayer, find_graph, read_graph
from edgeslim.table_formats._openvino_operators import find_chain, operator_of_layer
from edgeslim.table_formats._runtime_rows import (
    LEAST_KNOWN,
    PROFILES_AGREE_WITHIN,
    WITH_SUM,
    ProfiledOperators,
    pool_places,
    text_on_left_out,
)

__all__ = ["FORMAT"]

_HEADER = ("layerName", "execStatus", "layerType", "execType", "realTime (ms)")
_REPORT = "benchmark_report.csv"
_TIME = re.compile(r"[0-9]{1,9}(\.[0-9]{0,9})?\Z")
"""A time in milliseconds, of at most eleven days."""
_FEW_RUNS = 100
_ROUGH = 0.01
"""A report in hundredths of a millisecond says less of faster networks than this share."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """A line of the counters."""

    line: int
    name: str
    kind: str
    kernel: str
    time: str

    @property
    def has_time(self) -> bool:
        return float(self.time) > 0


def _read(path: Path, content: bytes, options: ReadOptions) -> ForeignTable:
    entries = _read_entries(path, content)
    report = _read_report(path.parent / _REPORT)
    graph = read_graph(find_graph(path))
    model = read_onnx(options.model) if options.model is not None else None
    runs = _count_runs(report) + 1
    kinds = {entry.name: entry.kind for entry in entries}
    found, precisions = ProfiledOperators(), set[str]()
    for entry in entries:
        if not entry.has_time:
            continue
        layer = graph.get(entry.name)
        if layer is None:
            raise BadFileError(
                f"{path}:{entry.line}: the runtime model has no layer {entry.name!r}; names change "
                "with each compilation: take both files of one run of benchmark_app"
            )
        chain = find_chain(layer, entry.kind, model) if model is not None else None
        fused = [kinds[name] for name in layer.origins[1:] if name in kinds]
        try:
            spec = operator_of_layer(layer, entry.kind, fused, chain, model)
        except (ValueError, IndexError, OverflowError) as error:
            latency = parse_latency(entry.time, LatencyUnit.MS)
            found.leave_out(entry.kind, error, latency.nanoseconds)
            continue
        precisions.add(layer.precision)
        found.rows.append(_row(entry, spec, runs, adds_sum="Add" in fused))
    network, network_notes = (
        _network(path, report, found, options)
        if found.known_share >= LEAST_KNOWN
        else ((), [text_on_left_out(found.known_share)])
    )
    return ForeignTable(
        rows=tuple(pool_places(found.rows)),
        networks=network,
        refused=found.refusals(found.total_ns, "all times"),
        notes=(*_notes(entries, graph, precisions, runs if report else 0), *network_notes),
        unit=LatencyUnit.MS,
        threads=_threads(report),
        convention=Convention.FUSED_FURTHER,
    )


def _read_entries(path: Path, content: bytes) -> list[_Entry]:
    """The lines of the first request; others repeat the same means."""
    lines = text_lines(path, content)
    number, header = lines[0]
    if tuple(header.split(";")[: len(_HEADER)]) != _HEADER:
        raise BadFileError(
            f"{path}:{number}: the first line is not {';'.join(_HEADER)}; benchmark_app writes it "
            "with -report_type detailed_counters (-pc prints shortened names, which say too little)"
        )
    entries = []
    for number, line in lines[1:]:
        cells = next(csv.reader([line], delimiter=";"))
        if cells[0] == "Total":
            break
        name, _, kind, kernel, time = (*cells, "", "", "", "")[:5]
        if not _TIME.match(time):
            mend = f"; write {time.replace(',', '.')}" if "," in time else ""
            raise BadFileError(f"{path}:{number}: {time!r} is not the time of {name!r}{mend}")
        entries.append(_Entry(line=number, name=name, kind=kind, kernel=kernel, time=time))
    if not any(entry.has_time for entry in entries):
        raise BadFileError(
            f"{path}: all times are 0: the counters were not switched on; a model that was "
            "imported from a blob forgets them, so compile it anew"
        )
    return entries


def _read_report(path: Path) -> Mapping[str, str]:
    """The values of benchmark_app's report; none if it is not there."""
    if not path.exists():
        return {}
    lines = (line for _, line in text_lines(path, read_bytes(path)))
    pairs = (line.split(";", 1) for line in lines if ";" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def _row(entry: _Entry, spec: OpSpec, runs: int, *, adds_sum: bool) -> ForeignRow:
    latency = parse_latency(entry.time, LatencyUnit.MS)
    return ForeignRow(
        place=f"line {entry.line}",
        operator=spec,
        latency=latency,
        measurement=Measurement(
            samples_ns=(latency.nanoseconds,), summary=RunSummary(runs=max(runs, 1))
        ),
        kernel=entry.kernel + WITH_SUM if adds_sum else entry.kernel,
    )


def _network(
    path: Path, report: Mapping[str, str], found: ProfiledOperators, options: ReadOptions
) -> tuple[tuple[ForeignNetwork, ...], list[str]]:
    """The whole network by benchmark_app's report, and a note if it is not used."""
    time = report.get("latency (ms)", "")
    if not _TIME.match(time) or float(time) == 0 or not found.rows:
        return (), [f"no {_REPORT} beside {path.name} says how long whole runs took"]
    if report.get("number of parallel infer requests", "1") != "1":
        return (), [
            "whole runs overlapped: run benchmark_app with -api sync -hint none -nstreams 1"
        ]
    latency = parse_latency(time, LatencyUnit.MS)
    if latency.step_ns / 2 > _ROUGH * latency.nanoseconds:
        return (), [f"{time} ms of a whole run is rounded too much to be used"]
    name = options.model.stem if options.model else Path(report.get("-m", path.parent.name)).stem
    summary = RunSummary(runs=max(_count_runs(report), 1))
    measurement = Measurement(samples_ns=(latency.nanoseconds,), summary=summary)
    return (found.network(_REPORT, name, measurement),), []


def _count_runs(report: Mapping[str, str]) -> int:
    given = report.get("total number of iterations", "")
    return int(given) if given.isdigit() else 0


def _threads(report: Mapping[str, str]) -> int | None:
    given = report.get("-nthreads", "")
    return int(given) if given.isdigit() and int(given) > 0 else None


def _notes(
    entries: Sequence[_Entry],
    graph: Mapping[str, ExecutedLayer],
    precisions: set[str],
    runs: int,
) -> Iterator[str]:
    silent = [entry for entry in entries if not entry.has_time and entry.name in graph]
    fused = sum(entry.kernel == "undef" for entry in entries)
    yield (
        f"{fused} layers were fused into others, and {len(silent)} took no time or less than a "
        "microsecond"
    )
    if 0 < runs < _FEW_RUNS:
        yield f"times are means of {runs} runs, the slow first one included; take more by -niter"
    elif not runs:
        yield f"times are means of all runs, the slow first one included; no {_REPORT} counts them"
    if precisions - {"f32"}:
        yield (
            f"some layers computed in {', '.join(sorted(precisions - {'f32'}))}; say it by "
            "--precision, or run benchmark_app with -infer_precision f32"
        )


FORMAT = TableFormat(
    summary="OpenVINO's counters (CSV of benchmark_app), with the runtime model beside them",
    suffix=".csv",
    read=_read,
    repeats_agree_within=PROFILES_AGREE_WITHIN,
    target_word="openvino",
)
