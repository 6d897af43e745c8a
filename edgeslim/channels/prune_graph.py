"""The graph of a network after pruning, without any weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from edgeslim.channels.plan import Mask
from edgeslim.graph import Graph, Names, Node
from edgeslim.ops import known_kinds
from edgeslim.ops._channel_sizes import Resizing, keep_attributes
from edgeslim.opspec import Attribute, Attributes, OpSpec, Shape, Shapes

__all__ = ["RemainingShapes", "prune_graph", "prune_node"]


class RemainingShapes(Protocol):
    """Shapes and masks of a pruned network's tensors: a `Selection` or `ShapesAtWidths`."""

    def shape(self, tensor: str, shape: Shape) -> Shape:
        """Shape of a tensor after pruning."""

    def masks(self, tensor: str) -> tuple[Mask | None, ...]:
        """Mask over each axis of a tensor; None where all of it is kept."""


def prune_graph(graph: Graph, selection: RemainingShapes) -> Graph:
    """The graph of a network with only the channels that a selection keeps."""
    return msgspec.structs.replace(
        graph,
        nodes=tuple(prune_node(node, selection) for node in graph.nodes),
        parameters={name: selection.shape(name, shape) for name, shape in graph.parameters.items()},
    )


def prune_node(node: Node, selection: RemainingShapes) -> Node:
    """An operator with only the channels that a selection keeps."""
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


def _changed_attributes(
    node: Node, new: OpSpec, selection: RemainingShapes
) -> Mapping[str, Attribute]:
    """Attributes that follow the channels, with their new values."""
    kind = known_kinds().get(node.spec.kind)
    if kind is None or kind.changed_attributes is keep_attributes:
        return {}
    first = next(iter((node.inputs or node.weights).values()), ("",))[0]

    def mask(axis: int) -> Mask | None:
        masks = selection.masks(first)
        return masks[axis] if masks else None

    return kind.changed_attributes(Resizing(node.spec, new, mask))


def _shapes(shapes: Shapes, names: Names, selection: RemainingShapes) -> Shapes:
    return Shapes(
        {
            slot: tuple(
                selection.shape(name, shape)
                for name, shape in zip(names[slot], slot_shapes, strict=True)
            )
            for slot, slot_shapes in shapes.items()
        }
    )
