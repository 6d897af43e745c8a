"""The graph of a network after pruning, without any weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from edgeslim.channels.plan import Mask
from edgeslim.graph import Graph, Names, Node
from edgeslim.ops import known_kinds
from edgeslim.ops._channel_sizes import Resizing, same
from edgeslim.opspec import Attribute, Attributes, OpSpec, Shape, Shapes

__all__ = ["Widths", "pruned_graph", "pruned_node"]


class Widths(Protocol):
    """What is left of a network's tensors: a `Selection`, or only `Sizes`."""

    def shape(self, tensor: str, shape: Shape) -> Shape:
        """The shape that is left of a tensor."""

    def masks(self, tensor: str) -> tuple[Mask | None, ...]:
        """What is kept of each axis; None where all of it is."""


def pruned_graph(graph: Graph, selection: Widths) -> Graph:
    """A network with the channels that a selection keeps."""
    return msgspec.structs.replace(
        graph,
        nodes=tuple(pruned_node(node, selection) for node in graph.nodes),
        parameters={name: selection.shape(name, shape) for name, shape in graph.parameters.items()},
    )


def pruned_node(node: Node, selection: Widths) -> Node:
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
    changed = _changed_attributes(node, new, selection)
    if changed:
        attributes = Attributes({**old.attributes, **changed})
        new = msgspec.structs.replace(new, attributes=attributes)
    return msgspec.structs.replace(node, spec=new)


def _changed_attributes(node: Node, new: OpSpec, selection: Widths) -> Mapping[str, Attribute]:
    """Attributes that follow the channels, with their new values."""
    kind = known_kinds().get(node.spec.kind)
    if kind is None or kind.resized is same:
        return {}
    first = next(iter((node.inputs or node.weights).values()), ("",))[0]

    def kept(axis: int) -> Mask | None:
        masks = selection.masks(first)
        return masks[axis] if masks else None

    return kind.resized(Resizing(node.spec, new, kept))


def _shapes(shapes: Shapes, names: Names, selection: Widths) -> Shapes:
    return Shapes(
        {
            slot: tuple(
                selection.shape(name, shape) for name, shape in zip(names[slot], each, strict=True)
            )
            for slot, each in shapes.items()
        }
    )
