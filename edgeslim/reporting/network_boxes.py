"""A network as boxes to draw: an operator together with its norm and activation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edgeslim.graph import Graph, Node
from edgeslim.ops import known_kinds
from edgeslim.ops._channel_rules import elementwise, per_channel, pointwise, prelu
from edgeslim.opspec import Shape

__all__ = ["Box", "boxes_of"]

_SAME_BOX = {per_channel, pointwise, prelu}
"""Channel rules of norms and activations, which are drawn in the box of what they read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """Operators that are drawn as one.

    Args:
        nodes: Its operators in the order they run; none for an input or output of the network.
        asides: Operators that read parameters only, such as reshaped biases.
        title: Name of an input or output of the network.
        shape: Shape of its output, or of the network's input or output.
        reads: Indices of the boxes that it reads, with the name of the tensor read.
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
        names = [
            name for node in nodes for parameters in node.weights.values() for name in parameters
        ]
        return tuple(dict.fromkeys(names))


@dataclass(kw_only=True, slots=True)
class _Open:
    """A box that is not finished: more operators may join it."""

    nodes: list[Node] = field(default_factory=list)
    asides: list[Node] = field(default_factory=list)
    title: str = ""
    shape: Shape = ()
    reads: list[tuple[int, str]] = field(default_factory=list)


def boxes_of(graph: Graph) -> tuple[Box, ...]:
    """Groups a network into boxes, in the order they run, with its inputs and outputs."""
    readers = Counter(name for node in graph.nodes for name in node.reads())
    readers.update(graph.fetches)
    boxes = [_Open(title=name, shape=shape) for name, shape in graph.feeds.items()]
    made = {name: place for place, name in enumerate(graph.feeds)}
    hidden: dict[str, tuple[Node, ...]] = {}
    for node in graph.nodes:
        asides = tuple(aside for name in node.reads() for aside in hidden.get(name, ()))
        reads = list(dict.fromkeys(name for name in node.reads() if name in made))
        if not reads and (node.inputs or node.weights):
            hidden.update(dict.fromkeys(node.writes(), (*asides, node)))
            continue
        place = _box_to_join(node, reads, made, readers, boxes)
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


def _box_to_join(
    node: Node,
    reads: list[str],
    made: Mapping[str, int],
    readers: Mapping[str, int],
    boxes: Sequence[_Open],
) -> int | None:
    """Index of the box that an operator is drawn in; None if it gets one of its own."""
    kind = known_kinds().get(node.spec.kind)
    if kind is None or len(reads) != 1 or readers[reads[0]] != 1:
        return None
    place = made[reads[0]]
    nodes = boxes[place].nodes
    if not nodes or reads[0] not in nodes[-1].writes():
        return None
    # An elementwise operator that reads one activation reads a parameter beside it.
    return place if kind.channels in _SAME_BOX or kind.channels is elementwise else None
