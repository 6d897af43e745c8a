"""Latency tables of a whole space with made-up times: a search needs one, and no device."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from edgeslim import ops
from edgeslim.latency_rows import TableContext
from edgeslim.latency_table import LatencyTable
from edgeslim.measuring.device_session import open_device
from edgeslim.opspec import OpSpec
from edgeslim.spaces import SPACES, Space, every_operator
from tests.values import CONTEXT, row


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
