"""Latencies of networks that are sums of table rows, and so cannot validate the table.

A network whose latency is a sum of the table's own rows proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from edgeslim.latency_table import LatencyTable
from edgeslim.measurement import CacheState
from edgeslim.table_keys import table_key

__all__ = ["is_sum_of_rows", "networks_that_are_sums"]

_TOLERANCE = 3e-5
"""Larger than the rounding of published sums, and so small that a measured network agrees by
chance in a few thousand cases only."""
_FEWEST = 3
"""With one unknown constant, two networks may agree by chance; three do not."""


def is_sum_of_rows(
    latency_ms: float,
    operators: Sequence[Mapping[CacheState, float]],
    *,
    overhead_ms: float = 0.0,
) -> bool:
    """Whether a network's latency is the plain sum over its operators in one cache state.

    The measured latency of a network differs from every such sum by a few percent at least, so
    agreement to a few hundred-thousandths means that it was computed from them.

    Args:
        latency_ms: Latency of the network in milliseconds.
        operators: Latency in milliseconds by cache state, of each operator of the network.
            States that some operator lacks are ignored.
        overhead_ms: A constant that may have been added for each operator.
    """
    if not operators:
        return False
    states = set(operators[0]).intersection(*operators[1:])
    totals = [sum(latencies[state] for latencies in operators) for state in states]
    return any(
        abs(total + len(operators) * overhead_ms - latency_ms) <= _TOLERANCE * latency_ms
        for total in totals
    )


def networks_that_are_sums(table: LatencyTable) -> tuple[str, ...]:
    """Networks of a table whose latency is a sum of its rows, by name.

    Sums with the same constant for each operator are found too, if most of the networks
    are such: the constant is the median over the networks.
    """
    rows, measured = table.latencies_ms(), table.network_latencies_ms()
    known: dict[str, list[dict[CacheState, float]]] = {}
    for name, network in table.networks.items():
        keys = [table_key(spec, table.context.convention) for spec in network.graph.specs]
        if keys and all(key is None or key in rows for key in keys):
            known[name] = [rows[key] for key in keys if key is not None]
    plain = [name for name, operators in known.items() if is_sum_of_rows(measured[name], operators)]
    states = {state for operators in known.values() for row in operators for state in row}
    for state in sorted(states):
        shifted = _sums_with_overhead(measured, known, state)
        if len(shifted) >= max(_FEWEST, len(known) / 2):
            plain += shifted
    return tuple(dict.fromkeys(plain))


def _sums_with_overhead(
    measured: Mapping[str, float],
    known: Mapping[str, Sequence[Mapping[CacheState, float]]],
    state: CacheState,
) -> list[str]:
    """Networks that are their sum in a state plus the constant that fits most of them."""
    each_ms = {
        name: (measured[name] - sum(row[state] for row in rows)) / len(rows)
        for name, rows in known.items()
        if rows and all(state in row for row in rows)
    }
    if not each_ms:
        return []
    overhead_ms = float(np.median(list(each_ms.values())))
    return [
        name
        for name in each_ms
        if is_sum_of_rows(
            measured[name], [{state: row[state]} for row in known[name]], overhead_ms=overhead_ms
        )
    ]
