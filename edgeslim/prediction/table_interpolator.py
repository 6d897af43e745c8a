"""The interpolation of a table: by its own operators, and by the tables that it has copies of."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from edgeslim.latency_rows import Convention
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.prediction.gaussian_process import Array
from edgeslim.prediction.interpolation import Interpolator
from edgeslim.prediction.network_prices import FEWEST_PRICED, NetworkPrices
from edgeslim.prediction.transfer import MeasuredNetwork, Transfer
from edgeslim.prediction.transfer_interpolation import TransferInterpolator
from edgeslim.prediction.transfer_source import source_of
from edgeslim.table_keys import table_key
from edgeslim.tables.sums import networks_that_are_sums

__all__ = [
    "TableInterpolator",
    "interpolator_of",
    "prices_of",
    "table_interpolator",
    "transfers_of",
]

TableInterpolator = Interpolator | TransferInterpolator


def table_interpolator(
    table: LatencyTable,
    swept_bytes: Array,
    known: Mapping[OpSpec, Array],
    *,
    without: Container[str] = (),
) -> TableInterpolator:
    """The interpolation of operators of a table.

    Args:
        table: The table, with copies of other devices' tables or without.
        swept_bytes: Cache states of its curves, ``(states,)``.
        known: Latencies in ms of the measured operators that are used, ``(states,)`` each.
        without: Names of networks that nothing may be learned from.
    """
    return interpolator_of(known, transfers_of(table, swept_bytes, without=without))


def interpolator_of(
    known: Mapping[OpSpec, Array], transfers: Sequence[Transfer]
) -> TableInterpolator:
    """An interpolation by measured operators, and by other devices if there are any."""
    return TransferInterpolator(known, transfers) if transfers else Interpolator(known)


def transfers_of(
    table: LatencyTable, swept_bytes: Array, *, without: Container[str] = ()
) -> list[Transfer]:
    """What there is to learn the ratios to each other device from.

    Args:
        table: The table, with copies of other devices' tables or without.
        swept_bytes: Cache states of its curves, ``(states,)``.
        without: Names of networks that nothing may be learned from.
    """
    if not table.likes:
        return []
    networks = tuple(_measured_networks(table, without).values())
    return [
        Transfer(source=source_of(row), swept_bytes=swept_bytes, networks=networks)
        for row in table.likes
    ]


def prices_of(table: LatencyTable, *, without: Container[str] = ()) -> NetworkPrices | None:
    """The prices by a table's whole networks, if it has nothing else to estimate operators from.

    Args:
        table: Latency table of the device.
        without: Names of networks that nothing may be learned from.
    """
    if len(table) or table.likes or table.context.convention is Convention.UNFUSED:
        return None
    networks = _measured_networks(table, without)
    if len(networks) < FEWEST_PRICED:
        return None
    return NetworkPrices(networks, table.context.execution.threads)


def _measured_networks(table: LatencyTable, without: Container[str]) -> dict[str, MeasuredNetwork]:
    """Networks that operators may be estimated from, by name."""
    latencies_ms, refused = table.network_latencies_ms(), networks_that_are_sums(table)
    networks = {}
    for name, row in table.networks.items():
        keys = [table_key(spec, table.context.convention) for spec in row.graph.specs]
        specs = tuple(key for key in keys if key is not None)
        # A network of which the convention leaves something out is no sum of the others.
        if name not in without and name not in refused and len(specs) == len(keys) > 0:
            networks[name] = MeasuredNetwork(specs=specs, latency_ms=latencies_ms[name])
    return networks
