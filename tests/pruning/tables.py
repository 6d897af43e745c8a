"""Latency tables of a model at all widths, with made-up times that have stairs."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from edgeslim import ops
from edgeslim.channels.fused import channels_of_fused
from edgeslim.channels.groups import channels_of
from edgeslim.channels.sizes import AxisForms
from edgeslim.channels.variants import vary_widths
from edgeslim.channels.widths import width_choices
from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.conversion.optimized import unfused_graph
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.fusion import fuse
from edgeslim.latency_rows import TableContext
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from tests.values import CONTEXT, row


def stairs_ms(operator: OpSpec) -> float:
    """A tenth of a microsecond, and work in whole blocks of 4 output channels."""
    shape = operator.output_shape
    blocks = math.ceil(shape[1] / 4) * 4 / shape[1] if len(shape) == 4 else 1.0
    return 1e-4 + 1e-6 * blocks * ops.macs([operator]) + 1e-8 * operator.output_bytes


def made_up_table(
    path: Path,
    model: PreparedModel,
    context: TableContext = CONTEXT,
    *,
    without: str = "",
    times_ms: Callable[[OpSpec], float] = stairs_ms,
) -> LatencyTable:
    """A table of every operator that pruning a model may leave.

    Args:
        path: Where it goes.
        model: The model.
        context: Of the table.
        without: A kind of operator that it knows nothing of.
        times_ms: What each operator takes.
    """
    graph = fuse(unfused_graph(model), context.execution.target)
    forms = AxisForms(channels_of_fused(graph, channels_of(model.graph)))
    choices = {name: choices_of(own) for name, own in forms.full.items()}
    found: dict[OpSpec, None] = {}
    for node in graph.nodes:
        more = vary_widths(node, forms, choices, forms.full)
        found.update(dict.fromkeys((node.spec, *more.specs)))
    table = LatencyTable.open(path, context)
    kept = [spec for spec in found if spec.kind != without]
    table.add(row(null_operator(), 1e-6), *(row(spec, times_ms(spec)) for spec in kept))
    return table


def choices_of(own: int) -> tuple[int, ...]:
    """All widths of a small group, and those that a strategy looks at of a large one."""
    return tuple(range(1, own + 1)) if own <= 16 else width_choices(own, 20)
