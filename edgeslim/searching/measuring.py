"""Latencies of candidates measured on a device, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from edgeslim.device import DeviceChoice, device_names
from edgeslim.errors import ContextMismatchError, EdgeslimError, LinkError
from edgeslim.files import temporary_folder
from edgeslim.latency_rows import NetworkRow, TableContext
from edgeslim.measuring.device_session import DeviceSession, open_device
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.networks import measure_networks
from edgeslim.profiling.workload import build_networks
from edgeslim.progress import Progress
from edgeslim.spaces import Space, Tokens

__all__ = ["MeasuredNetwork", "is_measurable", "measure_candidates", "open_device_of"]

MeasuredNetwork = NetworkRow | EdgeslimError
"""A measured network, or the error why it does not run on the device."""


def is_measurable(context: TableContext) -> bool:
    """Whether networks can be measured on a table's device.

    The device of an imported table may have no profile that says how it is reached.
    """
    return not context.provenance or context.device in device_names()


def open_device_of(
    context: TableContext, path: Path, choice: DeviceChoice | None = None
) -> DeviceSession:
    """Opens the device of a table, to run networks as they ran for the table.

    Args:
        context: Context of the table.
        path: File of the table, for messages.
        choice: How the device is reached, if not as its profile says.

    Raises:
        ContextMismatchError: The device is not as it was when the table was measured.
    """
    named = replace(
        (choice or DeviceChoice()).with_name(context.device),
        threads=context.execution.threads,
        power_mode=context.execution.power_mode,
    )
    session = open_device(named)
    try:
        context.check_same(session.context(), path)
    except ContextMismatchError:
        session.close()
        raise
    return session


def measure_candidates(
    session: DeviceSession, space: Space, wanted: Sequence[Tokens], progress: Progress
) -> list[MeasuredNetwork]:
    """Measures networks with random weights, which do not affect latency, interleaved.

    If one does not run, each is tried by itself. One that is asked for twice, as in a space of
    few networks, is measured once.

    Raises:
        LinkError: The device cannot be reached, which is no fault of a network.
    """
    different = list(dict.fromkeys(wanted))
    if len(different) < len(wanted):
        rows = measure_candidates(session, space, different, progress)
        measured = dict(zip(different, rows, strict=True))
        return [measured[tokens] for tokens in wanted]
    try:
        return list(_rows(session, space, wanted, progress))
    except LinkError:
        raise
    except EdgeslimError as error:
        if len(wanted) == 1:
            return [error]
    return [
        row for tokens in wanted for row in measure_candidates(session, space, [tokens], progress)
    ]


def _rows(
    session: DeviceSession, space: Space, wanted: Sequence[Tokens], progress: Progress
) -> Iterator[NetworkRow]:
    with temporary_folder() as folder:
        networks = list(build_networks(space, wanted, session.place(), Path(folder)))
        yield from measure_networks(DriftWatch(session), networks, progress=progress).rows(networks)
