"""Latency tables of a whole space with made-up times: a search needs one, and no device."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from edgeslim import ops
from edgeslim.execution import Target
from edgeslim.latency_rows import TableContext
from edgeslim.latency_table import LatencyTable, NetworkRow
from edgeslim.measuring.device_session import open_device
from edgeslim.opspec import OpSpec
from edgeslim.spaces import SPACES, Space, every_operator
from tests.values import CONTEXT, chain, row, timed


@cache
def host_context() -> TableContext:
    """The context of tables of this very machine."""
    return open_device("host").context()


def small_space() -> Space:
    """The small space at an input that trains in a second."""
    return SPACES.get("light-nas-small").space((1, 1, 16, 16), 10)


def made_up_ms(operator: OpSpec) -> float:
    """Two microseconds, and a tenth of a nanosecond for each multiply-accumulate."""
    return 2e-3 + 1e-7 * ops.macs([operator])


def made_up_table(
    path: Path, space: Space, context: TableContext = CONTEXT, *, factor: float = 1.0
) -> LatencyTable:
    """A table of every operator of a space, each ``factor`` times as slow as `made_up_ms`."""
    table = LatencyTable.open(path, context)
    operators = every_operator(space, context.execution.target)
    table.add(*(row(operator, factor * made_up_ms(operator)) for operator in operators))
    return table


def made_up_networks(space: Space, count: int) -> list[NetworkRow]:
    """Random networks of a space, each some percent slower than its operators' sum."""
    rows = []
    drawn = np.random.default_rng(3).integers(0, space.ranges, (count, len(space.ranges)))
    for number, tokens in enumerate(drawn.tolist()):
        operators = space.operators(tuple(tokens), Target.X86)
        measured_ms = (1.1 + 0.01 * number) * sum(map(made_up_ms, operators))
        rows.append(
            NetworkRow(
                name=f"net{number}",
                graph=chain(*operators),
                measurements=(timed(measured_ms, samples=20),),
            )
        )
    return rows
