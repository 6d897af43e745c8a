"""The graph of a network after pruning, without any weights."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from edgeslim.channels.plan import Selection
from edgeslim.graph import Graph, Names, Node
from edgeslim.ops import known_kinds
from edgeslim.ops._channel_sizes import Resizing
from edgeslim.opspec import Attribute, Attributes, OpSpec, Shapes

__all__ = ["changed_attributes", "pruned_graph", "pruned_node"]


def pruned_graph(graph: Graph, selection: Selection) -> Graph:
    """A network with the channels that a selection keeps."""
    return msgspec.structs.replace(
        graph,
        nodes=tuple(pruned_node(node, selection) for node in graph.nodes),
        parameters={name: selection.shape(name, shape) for name, shape in graph.parameters.items()},
    )


def pruned_node(node: Node, selection: Selection) -> Node:
    """One operator of it."""
    old = node.spec
    new = msgspec.structs.replace(
        old,
        inputs=_shapes(old.inputs, node.inputs, selection),
        weights=_shapes(old.weights, node.weights, selection),
        outputs=_shapes(old.outputs, node.outputs, selection),
    )
    if new == old:
        return node
    changed = changed_attributes(node, new, selection)
    if changed:
        attributes = Attributes({**old.attributes, **changed})
        new = msgspec.structs.replace(new, attributes=attributes)
    return msgspec.structs.replace(node, spec=new)


def changed_attributes(node: Node, new: OpSpec, selection: Selection) -> Mapping[str, Attribute]:
    """Attributes that follow the channels, with their new values."""
    kind = known_kinds().get(node.spec.kind)
    if kind is None:
        return {}
    slots, shapes = (node.inputs, new.inputs) if node.inputs else (node.weights, new.weights)
    slot = next(iter(slots), "")
    if not slot:
        return {}
    kept = selection.masks(slots[slot][0]) or (None,) * len(shapes[slot][0])
    return kind.resized(Resizing(node.spec, new, kept))


def _shapes(shapes: Shapes, names: Names, selection: Selection) -> Shapes:
    return Shapes(
        {
            slot: tuple(
                selection.shape(name, shape) for name, shape in zip(names[slot], each, strict=True)
            )
            for slot, each in shapes.items()
        }
    )
