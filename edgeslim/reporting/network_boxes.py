"""A network as boxes to draw: an operator with what is done to its output on the spot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edgeslim.graph import Graph, Node
from edgeslim.ops import known_kinds
from edgeslim.ops._channel_rules import elementwise, normalised, pointwise, prelu
from edgeslim.opspec import Shape

__all__ = ["Box", "boxes_of"]

_ON_THE_SPOT = {normalised, pointwise, prelu}
"""Rules of norms and activations, which are drawn in the box of what they read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """Operators that are drawn as one.

    Args:
        nodes: In the order they run; none for an input or output of the network.
        asides: Operators of parameters alone, such as biases in another shape.
        title: What an input or output is called.
        shape: Of what comes out of it, or of what the network gives.
        reads: Places of the boxes that it reads, and the tensor that comes from each.
    """

    nodes: tuple[Node, ...] = ()
    asides: tuple[Node, ...] = ()
    title: str = ""
    shape: Shape = ()
    reads: tuple[tuple[int, str], ...] = ()

    @property
    def weights(self) -> tuple[str, ...]:
        """Parameters that its operators read."""
        nodes = (*self.nodes, *self.asides)
        names = [name for node in nodes for each in node.weights.values() for name in each]
        return tuple(dict.fromkeys(names))


@dataclass(kw_only=True, slots=True)
class _Open:
    """A box that may grow."""

    nodes: list[Node] = field(default_factory=list)
    asides: list[Node] = field(default_factory=list)
    title: str = ""
    shape: Shape = ()
    reads: list[tuple[int, str]] = field(default_factory=list)


def boxes_of(graph: Graph) -> tuple[Box, ...]:
    """The boxes of a network in the order they run, with those of its inputs and outputs."""
    readers = Counter(name for node in graph.nodes for name in node.reads())
    readers.update(graph.fetches)
    boxes = [_Open(title=name, shape=shape) for name, shape in graph.feeds.items()]
    made = {name: place for place, name in enumerate(graph.feeds)}
    hidden: dict[str, tuple[Node, ...]] = {}
    for node in graph.nodes:
        asides = tuple(each for name in node.reads() for each in hidden.get(name, ()))
        reads = list(dict.fromkeys(name for name in node.reads() if name in made))
        if not reads and (node.inputs or node.weights):
            hidden.update(dict.fromkeys(node.writes(), (*asides, node)))
            continue
        place = _joined(node, reads, made, readers, boxes)
        if place is None:
            place = len(boxes)
            boxes.append(_Open(reads=[(made[name], name) for name in reads]))
        boxes[place].nodes.append(node)
        boxes[place].shape = node.spec.output_shape
        boxes[place].asides.extend(asides)
        made.update(dict.fromkeys(node.writes(), place))
    shapes = {
        name: shape
        for node in graph.nodes
        for slot, names in node.outputs.items()
        for name, shape in zip(names, node.spec.outputs[slot], strict=True)
    }
    boxes += [
        _Open(title=f"output {name}", shape=shapes.get(name, ()), reads=[(made[name], name)])
        for name in graph.fetches
        if name in made
    ]
    return tuple(
        Box(
            nodes=tuple(box.nodes),
            asides=tuple(box.asides),
            title=box.title,
            shape=box.shape,
            reads=tuple(box.reads),
        )
        for box in boxes
    )


def _joined(
    node: Node,
    reads: list[str],
    made: Mapping[str, int],
    readers: Mapping[str, int],
    boxes: Sequence[_Open],
) -> int | None:
    """The box that an operator is drawn in, if it is not one of its own."""
    kind = known_kinds().get(node.spec.kind)
    if kind is None or len(reads) != 1 or readers[reads[0]] != 1:
        return None
    place = made[reads[0]]
    nodes = boxes[place].nodes
    if not nodes or reads[0] not in nodes[-1].writes():
        return None
    # An elementwise operator that reads one activation reads a parameter beside it.
    return place if kind.channels in _ON_THE_SPOT or kind.channels is elementwise else None
