"""The whole of ``edgeslim table export``: a table of edgeslim in another project's format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeslim.counts import format_count
from edgeslim.errors import BadFileError, UsageError
from edgeslim.files import write_bytes
from edgeslim.latency_table import LatencyTable
from edgeslim.measurement import CacheState
from edgeslim.opspec import OpSpec
from edgeslim.table_formats import FORMATS, Refusal

__all__ = ["ExportedTable", "export_table"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedTable:
    """An exported table.

    Args:
        file: Path of the new file.
        operators: Operators that are in it.
        refused: Operators that the format cannot describe.
        notes: Texts on what else of the table it omits.
    """

    file: Path
    operators: tuple[OpSpec, ...]
    refused: tuple[Refusal, ...]
    notes: tuple[str, ...]

    @property
    def refused_kinds(self) -> dict[str, int]:
        """How many operators of each kind were left out."""
        return dict(Counter(refusal.place.split()[0] for refusal in self.refused))


def export_table(table: Path, format_name: str, out: Path) -> ExportedTable:
    """Writes a table in another format: one latency for each operator, of one cache state.

    Args:
        table: File of the table to export.
        format_name: Name of the format.
        out: File to write, which must not exist.

    Raises:
        UnknownNameError: There is no such format.
        UsageError: There is a file at ``out``.
        BadFileError: The table cannot be read, or the format can describe nothing of it.
    """
    chosen = FORMATS.get(format_name)
    if chosen.write is None:
        written_names = [name for name, one in FORMATS.members().items() if one.write is not None]
        raise UsageError(
            f"{format_name} is only read; formats that are written: {', '.join(written_names)}"
        )
    if out.exists():
        raise UsageError(f"{out} is there already; give another --out")
    known = LatencyTable.read(table)
    latencies = known.latencies_ms()
    states = sorted({state for by_state in latencies.values() for state in by_state})
    latencies_ns = {
        spec: max(1, round(by_state[min(by_state)] * 1e6)) for spec, by_state in latencies.items()
    }
    written = chosen.write(known.context, latencies_ns)
    if not written.operators:
        first = f"; {written.refused[0]}" if written.refused else ""
        raise BadFileError(f"nothing of {table} can be said in {format_name}{first}")
    content = written.content
    if chosen.write_networks is not None:
        content += chosen.write_networks(written.operators, _networks(known))
    write_bytes(out, content)
    return ExportedTable(
        file=out,
        operators=written.operators,
        refused=written.refused,
        notes=(
            *written.notes,
            *_omissions(known, states, has_networks=chosen.write_networks is not None),
        ),
    )


def _networks(table: LatencyTable) -> dict[str, tuple[Sequence[OpSpec], int]]:
    """The operators and the latency in nanoseconds of each network of a table, by name."""
    latencies_ms = table.network_latencies_ms()
    return {
        name: (row.graph.specs, max(1, round(latencies_ms[name] * 1e6)))
        for name, row in table.networks.items()
    }


def _omissions(table: LatencyTable, states: list[CacheState], *, has_networks: bool) -> list[str]:
    """Texts on what the formats of other projects omit."""
    lost = []
    if len(states) > 1:
        lost.append(f"of {len(states)} cache states only one is said, {states[0]} where it is")
    samples = sum(
        len(measurement.samples_ns) > 1
        for s in table
        for measurement in table.measurements(s).values()
    )
    if samples:
        lost.append(f"the samples and the spread of {samples} measurements are not said")
    if table.networks and not has_networks:
        left = format_count(len(table.networks), "whole network is", "whole networks are")
        lost.append(f"{left} left out")
    return lost
