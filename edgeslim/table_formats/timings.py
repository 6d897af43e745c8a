"""Timings of operators and of whole networks, from anybody: a CSV, or lines of JSON.

This form is edgeslim's own, and the way in for measurements of every other runtime and device;
docs/tables.md describes it. A row is an operator that was timed, an operator that only networks
name (``untimed``), or a network: a name, a time, and the names of its operators. An operator
without a counterpart among the kinds of edgeslim is called ``other:NAME``.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import groupby
from pathlib import Path

from edgeslim import ops
from edgeslim.errors import BadFileError
from edgeslim.latency_rows import Convention, TableContext
from edgeslim.measurement import Measurement
from edgeslim.opspec import OpSpec
from edgeslim.table_formats._format import (
    ForeignNetwork,
    ForeignRow,
    ForeignTable,
    LatencyUnit,
    ReadOptions,
    Refusal,
    TableFormat,
    WrittenTable,
)
from edgeslim.table_formats._timing_operators import (
    format_attributes,
    format_shapes,
    parse_operator,
)
from edgeslim.table_formats._timing_records import COLUMNS, TimingRecord, read_records
from edgeslim.table_formats._timing_values import read_time

__all__ = ["FORMAT", "NetworkTime", "read_network_times"]

_ROWS = ("operator", "untimed", "network")
_OTHER = "other:"
_REPEATED = re.compile(r"(.+)\*([0-9]{1,4})\Z")
_AGREE_WITHIN = 0.2
"""An operator of two networks may take this share more or less, as it finds its caches."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Declared:
    """What a row says of an operator.

    Args:
        record: Row that declares it.
        spec: The operator; None if it has no counterpart in edgeslim.
        kind: Kind as it stands in the row.
    """

    record: TimingRecord
    spec: OpSpec | None
    kind: str


def _read(path: Path, content: bytes, options: ReadOptions) -> ForeignTable:
    records, notes = read_records(path, content)
    declared: dict[str, _Declared] = {}
    rows, others, units = [], Counter[str](), set[LatencyUnit]()
    for record in records:
        if _row_type(record) == "network":
            continue
        operator = _declare(record, declared)
        if operator.spec is None:
            others[operator.kind] += 1
        if record.text("row") == "untimed":
            continue
        time = read_time(record, options.unit)
        units.add(time.unit)
        if operator.spec is not None:
            row = ForeignRow(
                place=f"line {record.line}",
                operator=operator.spec,
                latency=time.latency,
                measurement=time.measurement,
                kernel=record.text("kernel"),
            )
            rows.append(row)
    networks = [
        _network(record, declared, options) for record in records if record.text("row") == "network"
    ]
    if others:
        names = ", ".join(f"{count} {kind}" for kind, count in others.items())
        notes.append(f"operators without a counterpart, of which nothing is predicted: {names}")
    return ForeignTable(
        rows=tuple(rows),
        networks=tuple(networks),
        notes=tuple(notes),
        unit=next(iter(units)) if len(units) == 1 else None,
        units=" and ".join(unit.value for unit in LatencyUnit if unit in units),
        convention=Convention.FUSED,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkTime:
    """The time of a network of which only the name is said.

    Args:
        place: File and line, for messages.
        measurement: What is known of its runs.
    """

    place: str
    measurement: Measurement


def read_network_times(
    path: Path, content: bytes, unit: LatencyUnit | None
) -> dict[str, NetworkTime]:
    """Times of networks by name, from a CSV with columns name, time, unit, spread and count.

    Raises:
        BadFileError: It is not valid, or a network is there twice.
        UsageError: The file and the user disagree about the unit.
    """
    records, _ = read_records(path, content, needed=("name", "time"))
    found: dict[str, NetworkTime] = {}
    for record in records:
        name = record.text("name")
        if not name or record.text("row") not in {"", "network"}:
            raise BadFileError(f"{record.place}: each row is a network, with its name and time")
        if name in found:
            raise BadFileError(f"{record.place}: {name!r} is in {found[name].place} too; keep one")
        measurement = read_time(record, unit).measurement
        found[name] = NetworkTime(place=record.place, measurement=measurement)
    return found


def _row_type(record: TimingRecord) -> str:
    found = record.text("row")
    if found not in _ROWS:
        near = get_close_matches(found, _ROWS, n=1)
        mend = f"did you mean {near[0]!r}?" if near else f"it is one of {', '.join(_ROWS)}"
        raise BadFileError(f"{record.place}: the row is {found!r}; {mend}")
    return found


def _declare(record: TimingRecord, declared: dict[str, _Declared]) -> _Declared:
    """The operator of a row, which is noted under its name if it has one."""
    kind, name = record.text("kind"), record.text("name")
    if kind.startswith(_OTHER):
        operator = _Declared(record=record, spec=None, kind=kind.removeprefix(_OTHER))
    else:
        operator = _Declared(record=record, spec=_spec(record), kind=kind)
    if not name:
        return operator
    if len(name.split()) > 1:
        raise BadFileError(
            f"{record.place}: the name {name!r} has spaces, which stand between the names in a "
            "network; write - or _"
        )
    first = declared.setdefault(name, operator)
    if (first.spec, first.kind) != (operator.spec, operator.kind):
        raise BadFileError(
            f"{record.place}: {name!r} is {operator.spec or kind} here, and in line "
            f"{first.record.line} {first.spec or first.kind}; give one of them another name"
        )
    return operator


def _spec(record: TimingRecord) -> OpSpec:
    try:
        return parse_operator(record)
    except ValueError as error:
        raise BadFileError(f"{record.place}: {error}") from error


def _network(
    record: TimingRecord, declared: Mapping[str, _Declared], options: ReadOptions
) -> ForeignNetwork:
    name = record.text("name")
    if not name:
        raise BadFileError(f"{record.place}: a network needs a name")
    time = read_time(record, options.unit)
    specs, others = [], Counter[str]()
    for word, count in _operator_names(record, declared):
        operator = declared.get(word)
        if operator is None:
            near = get_close_matches(word, declared, n=1)
            mend = (
                f"did you mean {near[0]!r}?"
                if near
                else "add a row for it ('untimed' if nobody timed it)"
            )
            raise BadFileError(
                f"{record.place}: the network {name!r} names the operator {word!r}, which no row "
                f"has; {mend}"
            )
        if operator.spec is None:
            others[operator.kind] += count
        else:
            specs += [operator.spec] * count
    if not specs:
        raise BadFileError(
            f"{record.place}: the network {name!r} has no operators; name them in the column "
            "'operators'"
        )
    return ForeignNetwork(
        place=f"line {record.line}",
        name=name,
        operators=tuple(specs),
        measurement=time.measurement,
        others=others,
    )


def _operator_names(
    record: TimingRecord, declared: Mapping[str, _Declared]
) -> Iterator[tuple[str, int]]:
    """Names of a network's operators, and how often each stands there: ``conv1 block*3``."""
    value = record.fields.get("operators", "")
    if isinstance(value, str):
        words: Sequence[object] = value.split()
    elif isinstance(value, list):
        words = value
    else:
        raise BadFileError(f"{record.place}: 'operators' is a list of names, not {value!r}")
    for word in words:
        if not isinstance(word, str):
            raise BadFileError(f"{record.place}: the name of an operator is a text, not {word!r}")
        repeated = _REPEATED.match(word)
        if repeated and word not in declared:
            yield repeated[1], int(repeated[2])
        else:
            yield word, 1


def _write(_context: TableContext, latencies_ns: Mapping[OpSpec, int]) -> WrittenTable:
    """Writes a CSV of operators, in microseconds, each with a name for networks."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    operators, refused = list[OpSpec](), []
    for spec, nanoseconds in latencies_ns.items():
        fields = _fields(spec)
        if fields is None:
            refused.append(Refusal(place=str(spec), reason="it would not be read back the same"))
            continue
        name = _name(len(operators))
        operators.append(spec)
        writer.writerow({"row": "operator", "name": name, **fields, **_time_fields(nanoseconds)})
    return WrittenTable(
        content=stream.getvalue().encode(), operators=tuple(operators), refused=tuple(refused)
    )


def _write_networks(
    written: Sequence[OpSpec], networks: Mapping[str, tuple[Sequence[OpSpec], int]]
) -> bytes:
    """Writes networks, and before them the operators of theirs that nobody timed.

    An operator that cannot be read back the same is one without a counterpart there.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    names = {spec: _name(place) for place, spec in enumerate(written)}
    for spec in dict.fromkeys(spec for specs, _ in networks.values() for spec in specs):
        if spec not in names:
            names[spec] = _name(len(names))
            fields = _fields(spec) or {"kind": f"{_OTHER}{spec.kind}"}
            writer.writerow({"row": "untimed", "name": names[spec], **fields})
    for name, (specs, nanoseconds) in networks.items():
        counts = [(names[spec], sum(1 for _ in group)) for spec, group in groupby(specs)]
        words = [word if count == 1 else f"{word}*{count}" for word, count in counts]
        fields = {"row": "network", "name": name, **_time_fields(nanoseconds)}
        writer.writerow({**fields, "operators": " ".join(words)})
    return stream.getvalue().encode()


def _name(place: int) -> str:
    return f"op{place + 1}"


def _time_fields(nanoseconds: int) -> dict[str, str]:
    return {"time": f"{nanoseconds / 1e3:.3f}", "unit": LatencyUnit.US.value}


def _fields(spec: OpSpec) -> dict[str, str] | None:
    """The fields that are read back as an operator, with names of slots where they are needed."""
    kind = ops.known_kinds().get(spec.kind)
    if kind is None:
        return None
    for named in (False, True):
        fields = {
            "kind": spec.kind,
            "inputs": format_shapes(spec.inputs, kind.slots, named=named),
            "weights": format_shapes(spec.weights, kind.slots, named=named),
            "outputs": format_shapes(spec.outputs, kind.outputs, named=named),
        }
        try:
            fields["attributes"] = format_attributes(spec)
            record = TimingRecord(
                place="", line=0, fields={name: text for name, text in fields.items() if text}
            )
            if parse_operator(record) == spec:
                return fields
        except (ValueError, BadFileError):
            continue
    return None


FORMAT = TableFormat(
    summary="anybody's timings of operators and networks: the CSV or JSON Lines of docs/tables.md",
    suffix=".csv",
    read=_read,
    write=_write,
    write_networks=_write_networks,
    repeats_agree_within=_AGREE_WITHIN,
)
