"""Starts of a table's whole networks, from which memory and times of starts are predicted."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from edgeslim.durations import now
from edgeslim.latency_rows import StartRow
from edgeslim.latency_table import LatencyTable
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.measuring.networks import OptimizedNetwork
from edgeslim.measuring.starts import measure_starts
from edgeslim.runs.start_records import StartsRecord

__all__ = ["measure_table_starts"]

_log = logging.getLogger(__name__)


def measure_table_starts(
    session: DeviceSession,
    table: LatencyTable,
    networks: Sequence[OptimizedNetwork],
    *,
    times: int,
) -> None:
    """Starts those networks that a table does not know the starts of, and adds these.

    Where the device does not start them, a warning says why, and the table goes without.

    Args:
        session: Session of the device, with the threads that the table is of.
        table: Table of the device, which has the networks' latencies.
        networks: Networks with different names.
        times: How often each starts warm, and as often cold.

    Raises:
        LinkError: The device was lost for good.
        UnwritableError: The table cannot be written.
    """
    lacking = [network for network in networks if network.name not in table.starts]
    if not lacking or not times:
        return
    measured = measure_starts(session, lacking, times=times)
    for trouble in measured.troubles:
        _log.warning("%s", trouble)
    table.add(
        *(
            _row(network, measured.starts[network.name])
            for network in lacking
            if network.name in measured.starts
        )
    )


def _row(network: OptimizedNetwork, starts: StartsRecord) -> StartRow:
    return StartRow(
        name=network.name,
        file_bytes=network.file.facts.size_bytes,
        load_ms=starts.load_ms,
        cold_load_ms=starts.cold_load_ms,
        first_run_ms=starts.first_run_ms,
        taken_mb=starts.taken_mb,
        alone_mb=starts.alone_mb,
        starts=len(starts.starts),
        measured=now(),
    )
