"""What layers cost in floats: products, and milliseconds of a latency table. Needs no Paddle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from edgeslim.conversion.optimized import fused_graph_by_rules
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.execution import Target
from edgeslim.latency_table import LatencyTable
from edgeslim.ops import macs

__all__ = ["LayerCosts", "layer_costs"]


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
    products: dict[str, int] = defaultdict(int)
    for node in model.graph.nodes:
        for name in {name for names in node.weights.values() for name in names}:
            products[name] += macs([node.spec])
    if table is None:
        return LayerCosts(macs=products, float_ms={})
    known = table.latencies_ms()
    target = table.context.fused_for or Target.ARM
    times: dict[str, float] = defaultdict(float)
    for node in fused_graph_by_rules(model, target).nodes:
        states = known.get(node.spec, {})
        for name in {name for names in node.weights.values() for name in names}:
            times[name] += min(states.values(), default=0.0)
    measured = {name: spent for name, spent in times.items() if spent > 0}
    return LayerCosts(macs=products, float_ms=measured, table=str(table.path))
