"""What our own rules leave of a network beside what the optimizer left."""

from __future__ import annotations

from collections import Counter

from edgeslim.conversion.optimized import unfused_graph
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.execution import Target
from edgeslim.fusion import fuse
from edgeslim.graph import Graph
from edgeslim.ops import known_kinds


def assert_rules_leave(graph: Graph, model: PreparedModel, target: Target, where: str) -> None:
    """Proves that the rules leave of a model what the optimizer did."""
    ours = fuse(unfused_graph(model), target)
    assert Counter(ours.specs) == Counter(graph.specs), where
    assert {spec.kind for spec in ours.specs} <= set(known_kinds()), where
    # Independent branches run in an order that hangs on addresses in its memory.
    assert Counter(ours.nodes) == Counter(graph.nodes), where
    assert (ours.feeds, ours.fetches) == (graph.feeds, graph.fetches), where
    if not _branches(graph):
        assert ours.nodes == graph.nodes, where


def _branches(graph: Graph) -> bool:
    """Whether an operator reads what several operators make."""
    made = {name for node in graph.nodes for name in node.writes()}
    return any(len(made.intersection(node.reads())) > 1 for node in graph.nodes)
