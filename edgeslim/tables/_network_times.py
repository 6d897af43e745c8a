"""Times of whole networks that were measured without the profiler, in place of the profile's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from edgeslim.errors import BadFileError
from edgeslim.files import read_bytes
from edgeslim.table_formats import ForeignTable, LatencyUnit
from edgeslim.table_formats.timings import read_network_times

__all__ = ["with_network_times"]


def with_network_times(
    tables: Sequence[ForeignTable], path: Path, unit: LatencyUnit | None
) -> list[ForeignTable]:
    """The tables, with the times of their networks from a file of timings.

    Args:
        tables: What was read of the profiles.
        path: CSV or JSON Lines with names and times of networks.
        unit: Unit that the user says.

    Raises:
        BadFileError: The file is not valid, or names a network that no profile is of.
    """
    times = read_network_times(path, read_bytes(path), unit)
    known = {network.name for table in tables for network in table.networks}
    for name, time in times.items():
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            meant = f"did you mean {near[0]!r}? " if near else ""
            raise BadFileError(
                f"{time.place}: no profile is of the network {name!r}; {meant}known: "
                f"{', '.join(sorted(known)) or 'none'}"
            )
    return [
        replace(
            table,
            networks=tuple(
                replace(network, measurement=times[network.name].measurement)
                if network.name in times
                else network
                for network in table.networks
            ),
        )
        for table in tables
    ]
