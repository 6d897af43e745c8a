"""Finds outputs of layers by their names in Paddle 1.x, in networks that Paddle 2 or 3 named.

Paddle 1.x named what a layer gives by the layer and counted its steps: ``fc_0.tmp_0`` is the
product of the first fully connected layer, ``fc_0.tmp_1`` that with its bias, ``fc_0.tmp_2``
what its activation makes of it. Later versions say ``linear_0`` and give activations names of
their own. Operators are counted in the order they run, as layers were.
"""

from __future__ import annotations

import re

from edgeslim.errors import UnknownNameError
from edgeslim.graph import Graph, Node

__all__ = ["find_paddle1_name", "unknown_feature_map"]

_PRODUCTS = ("mul", "matmul", "matmul_v2")
_OPERATORS = {"fc": _PRODUCTS, "linear": _PRODUCTS}
"""Kinds of operators that layers consist of; others have the layer's own name."""

_FIRST = {"batch_norm": 2}
"""Number of a layer's output where it is not 0: a batch norm's statistics come before it."""

_STEPS = frozenset(
    ("relu", "relu6", "sigmoid", "tanh", "softmax", "swish", "leaky_relu", "hard_swish", "prelu")
)
_NAME = re.compile(r"(?P<layer>[a-z]\w*?)(_(?P<number>\d+))?\.tmp_(?P<step>\d+)")


def unknown_feature_map(what: str, name: str, graph: Graph) -> UnknownNameError:
    """Error of a network without a feature map of a name; offers what Paddle 1.x called so.

    Args:
        what: What the name stands for, in the message.
        name: Name that was asked for.
        graph: Graph of the network.
    """
    old = find_paddle1_name(name, graph)
    meant = f"did you mean {old!r}, which Paddle 1.x called so?" if old else ""
    return UnknownNameError(what, name, graph.feature_maps, meant=meant)


def find_paddle1_name(name: str, graph: Graph) -> str:
    """Name in a network of a feature map of Paddle 1.x; empty if it is unknown.

    Args:
        name: Such as ``fc_0.tmp_0``, ``res50_conv2d_3.tmp_1`` or, where a network has one such
            layer, ``res_fc.tmp_0``.
        graph: Graph of the network.
    """
    # Names of a teacher have a prefix, which tells them from the student's.
    for start in (0, *(match.end() for match in re.finditer("_", name))):
        found = _NAME.fullmatch(name, start)
        layers = [] if found is None else _layers(found["layer"], graph)
        if found is None or not layers or (found["number"] is None and len(layers) > 1):
            continue
        index, step = int(found["number"] or 0), int(found["step"])
        step -= _FIRST.get(found["layer"], 0)
        return "" if index >= len(layers) or step < 0 else _after(layers[index], step, graph)
    return ""


def _layers(layer: str, graph: Graph) -> list[Node]:
    """The operators that a kind of layer begins with, in order."""
    kinds = _OPERATORS.get(layer, (layer, f"{layer}_v2", f"{layer}2"))
    weighted = layer in _OPERATORS
    return [
        node for node in graph.nodes if node.spec.kind in kinds and (node.weights or not weighted)
    ]


def _after(node: Node, steps: int, graph: Graph) -> str:
    """Feature map some steps behind an operator; its bias and its activation are steps."""
    for _ in range(steps):
        (given, *_) = node.writes()
        readers = [reader for reader in graph.nodes if given in reader.reads()]
        following = next((reader for reader in readers if _is_step(reader)), None)
        if following is None:
            return ""
        node = following
    name = node.writes()[0]
    return name if name in graph.feature_maps else ""


def _is_step(node: Node) -> bool:
    is_bias = node.spec.kind == "elementwise_add" and bool(node.weights)
    return is_bias or node.spec.kind in _STEPS
