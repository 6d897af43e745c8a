"""Times of layers from a latency table, by the names of their weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.graph import Graph, Names, Node
from edgeslim.opspec import OpSpec
from edgeslim.training.quantization.layer_costs import times_by_weight
from tests.values import convolution, relu, row, table_at


def node(spec: OpSpec, weight: str = "") -> Node:
    weights = Names(Filter=(weight,), Bias=(f"{weight}.bias",)) if weight else Names()
    inputs = Names(dict.fromkeys(spec.inputs, ("x",)))
    outputs = Names(dict.fromkeys(spec.outputs, ("y",)))
    return Node(spec=spec, inputs=inputs, outputs=outputs, weights=weights)


def test_layers_take_what_the_table_measured_of_their_operators(tmp_path: Path) -> None:
    first, second = convolution(3, 8), convolution(8, 16)
    nodes = (node(first, "a"), node(relu(8)), node(second, "b"), node(first, "a"), node(first, "c"))
    graph = Graph(nodes=nodes, feeds={}, fetches=(), parameters={})
    table = table_at(tmp_path / "table.jsonl", row(first, 0.5, 0.75), row(relu(8), 0.1))
    found = times_by_weight(graph, table)
    assert found.keys() == {"a", "a.bias", "c", "c.bias"}, "an operator that is not there has none"
    # The one that is used twice takes both times, with warm caches.
    assert (found["a"], found["c"]) == pytest.approx((1.0, 0.5))
