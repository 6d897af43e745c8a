"""What layers cost in floats: products, and milliseconds of a latency table. Needs no Paddle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from edgeslim.conversion.optimized import fused_graph_by_rules
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.execution import Target
from edgeslim.graph import Graph
from edgeslim.latency_table import LatencyTable
from edgeslim.ops import macs
from edgeslim.opspec import OpSpec

__all__ = ["LayerCosts", "layer_costs", "times_by_weight"]

Number = TypeVar("Number", int, float)


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerCosts:
    """What layers cost in floats, by the names of their weights.

    Args:
        macs: Multiply-accumulates for one picture.
        float_ms: Milliseconds by a latency table, of the layers that it has.
        table: Path of the table; empty without one.
    """

    macs: Mapping[str, int]
    float_ms: Mapping[str, float]
    table: str = ""


def layer_costs(model: PreparedModel, table: LatencyTable | None) -> LayerCosts:
    """What the layers of a model cost.

    Args:
        model: The model in floats.
        table: A latency table. Only operators that it has measured are looked up, with warm
            caches where it has both.
    """
    products = _sums(model.graph, lambda spec: macs([spec]))
    if table is None:
        return LayerCosts(macs=products, float_ms={})
    target = table.context.fused_for or Target.ARM
    return LayerCosts(
        macs=products,
        float_ms=times_by_weight(fused_graph_by_rules(model, target), table),
        table=str(table.path),
    )


def times_by_weight(fused: Graph, table: LatencyTable) -> dict[str, float]:
    """Milliseconds of fused operators by the names of their weights, of those in a table."""
    known = table.latencies_ms()
    found = _sums(fused, lambda spec: min(known.get(spec, {}).values(), default=0.0))
    return {name: spent for name, spent in found.items() if spent > 0}


def _sums(graph: Graph, measure: Callable[[OpSpec], Number]) -> dict[str, Number]:
    """What all operators measure that read a weight, by its name."""
    found: dict[str, Number] = {}
    for node in graph.nodes:
        names = {name for names in node.weights.values() for name in names}
        if not names:
            continue
        value = measure(node.spec)
        for name in names:
            found[name] = found[name] + value if name in found else value
    return found
