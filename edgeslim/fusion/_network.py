"""A graph that fusion passes change, with fast queries for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edgeslim.graph import Graph, Names, Node
from edgeslim.ops import known_kinds
from edgeslim.opspec import Attribute, Attributes, OpSpec, Shape, Shapes

__all__ = ["FusedNetwork"]

Slots = Mapping[str, tuple[str, ...]]
"""Names of tensors by slot."""


class FusedNetwork:
    """A network under optimization: operators by number, wired by tensor names.

    Numbers grow in the order in which the optimizer makes operators: those of the program
    first, then each new one of a pass. An operator that a pass changes in place keeps its number.

    Args:
        graph: The network before the optimizer.
    """

    def __init__(self, graph: Graph) -> None:
        self._given = graph
        self._feeds = dict(graph.feeds)
        self._fetches = graph.fetches
        self._parameters = dict(graph.parameters)
        self._nodes: dict[int, Node] = {}
        self._first_made = self._next = len(graph.nodes)
        self._makers: dict[str, int] = {}
        self._readers: dict[str, list[int]] = {}
        self._shapes: dict[str, Shape] = {**graph.feeds, **graph.parameters}
        for number, node in enumerate(graph.nodes):
            self._shapes.update(node.shapes())
            self._register(number, node)

    # Queries

    def __getitem__(self, number: int) -> Node:
        return self._nodes[number]

    def nodes_of_kind(self, *kinds: str) -> Iterator[tuple[int, Node]]:
        """Operators of some kinds with their numbers; those removed meanwhile are left out."""
        for number in sorted(self._nodes):
            if number in self._nodes and self._nodes[number].spec.kind in kinds:
                yield number, self._nodes[number]

    def shape(self, name: str) -> Shape:
        """Shape of a tensor."""
        return self._shapes[name]

    def is_weight(self, name: str) -> bool:
        """Whether a tensor is persistent."""
        return name in self._parameters

    def maker(self, name: str) -> int | None:
        """Number of the operator that writes a tensor; None for network inputs and weights."""
        return self._makers.get(name)

    def only_reader(self, name: str) -> int | None:
        """Number of the only operator that reads a tensor; None if there are more, or an output."""
        readers = self._readers.get(name, [])
        return readers[0] if len(readers) == 1 and name not in self._fetches else None

    def behind(self, number: int, kind: str) -> int | None:
        """Number of the operator of a kind that alone reads another's single output, or None."""
        (name,) = self._nodes[number].writes()
        reader = self.only_reader(name)
        return reader if reader is not None and self._nodes[reader].spec.kind == kind else None

    # Changes

    def node(self, kind: str, reads: Slots, writes: Slots, **attributes: Attribute) -> Node:
        """Describes an operator in the normal form of its kind.

        Args:
            kind: Kind of the operator, such as ``conv2d``.
            reads: Names of activations and weights that it reads, by slot.
            writes: Names of tensors that it writes, by slot.
            attributes: Its attributes where they are not the kind's defaults.
        """
        known = known_kinds()[kind]
        weights = {slot: names for slot, names in reads.items() if all(map(self.is_weight, names))}
        inputs = {slot: names for slot, names in reads.items() if slot not in weights}
        input_shapes, weight_shapes = self._shapes_of(inputs), self._shapes_of(weights)
        spec = OpSpec(
            kind=kind,
            inputs=input_shapes,
            weights=weight_shapes,
            outputs=self._shapes_of(writes),
            attributes=known.normal_form(
                Attributes({**known.attributes, **attributes}), input_shapes, weight_shapes
            ),
        )
        return Node(spec=spec, inputs=Names(inputs), weights=Names(weights), outputs=Names(writes))

    def change(self, number: int, node: Node) -> None:
        """Replaces an operator, which keeps its number."""
        self._unregister(number)
        self._register(number, node)

    def remove(self, *numbers: int) -> None:
        """Removes operators."""
        for number in numbers:
            self._unregister(number)

    def replace(self, old: tuple[int, ...], node: Node) -> None:
        """Replaces some operators by a new one with a new number."""
        self.remove(*old)
        self._register(self._next, node)
        self._next += 1

    def reshape_weight(self, name: str, shape: Shape) -> None:
        """Gives a weight another shape."""
        self._parameters[name] = self._shapes[name] = shape

    def make_weight(self, name: str) -> None:
        """Makes a tensor a weight, since its value is known before the network runs."""
        self._parameters[name] = self._shapes[name]
        for number in list(self._readers.get(name, [])):
            node = self._nodes[number]
            reads = {**node.inputs, **node.weights}
            self.change(
                number,
                self.node(node.spec.kind, reads, node.outputs, **node.spec.attributes),
            )

    def rename_input(self, number: int, name: str, new: str) -> None:
        """Makes an operator read another tensor of the same shape."""
        node = self._nodes[number]
        self.change(
            number,
            Node(
                spec=node.spec,
                inputs=_rename(node.inputs, name, new),
                weights=node.weights,
                outputs=node.outputs,
            ),
        )

    def rename_output(self, name: str, new: str) -> None:
        """Renames a tensor where it is written; its readers must be removed already."""
        if name in self._feeds:
            self._feeds = {new if feed == name else feed: s for feed, s in self._feeds.items()}
            return
        number = self._makers[name]
        node = self._nodes[number]
        self.change(
            number,
            Node(
                spec=node.spec,
                inputs=node.inputs,
                weights=node.weights,
                outputs=_rename(node.outputs, name, new),
            ),
        )

    def graph(self) -> Graph:
        """The graph as the passes have left it."""
        nodes = tuple(self._nodes[number] for number in self._run_order())
        used = {name for node in nodes for names in node.weights.values() for name in names}
        return Graph(
            nodes=nodes,
            feeds=self._feeds,
            fetches=self._fetches,
            parameters={name: self._parameters[name] for name in sorted(used)},
            feed_types=self._given.feed_types,
            feed_bounds=self._given.feed_bounds,
        )

    def _run_order(self) -> list[int]:
        """Numbers of operators in the order in which the optimizer writes them.

        By number, each after all operators whose results it reads. The outputs of the network
        come after the last operator of the program and before the first new one.
        """
        order: list[int] = []
        seen: set[int] = set()

        def place(number: int) -> None:
            pending = [(number, iter(self._makers_for(number)))]
            seen.add(number)
            while pending:
                current, makers = pending[-1]
                following = next((maker for maker in makers if maker not in seen), None)
                if following is None:
                    order.append(current)
                    pending.pop()
                else:
                    seen.add(following)
                    pending.append((following, iter(self._makers_for(following))))

        numbers = sorted(self._nodes)
        fetched = [self._makers[name] for name in self._fetches if name in self._makers]
        asked = [number for number in numbers if number < self._first_made]
        for number in [*asked, *fetched, *numbers]:
            if number not in seen:
                place(number)
        return order

    def _makers_for(self, number: int) -> list[int]:
        reads = self._nodes[number].reads()
        return sorted({self._makers[name] for name in reads if name in self._makers})

    def _register(self, number: int, node: Node) -> None:
        self._nodes[number] = node
        for name in _read_names(node):
            self._readers.setdefault(name, []).append(number)
        for name in node.writes():
            self._makers[name] = number

    def _unregister(self, number: int) -> None:
        node = self._nodes.pop(number)
        for name in _read_names(node):
            self._readers[name].remove(number)
        for name in node.writes():
            if self._makers.get(name) == number:
                del self._makers[name]

    def _shapes_of(self, slots: Slots) -> Shapes:
        return Shapes(
            {slot: tuple(self._shapes[name] for name in names) for slot, names in slots.items()}
        )


def _read_names(node: Node) -> set[str]:
    """Names of the activations and weights that an operator reads."""
    return {*node.reads(), *(name for names in node.weights.values() for name in names)}


def _rename(slots: Names, name: str, new: str) -> Names:
    return Names(
        {
            slot: tuple(new if current == name else current for current in names)
            for slot, names in slots.items()
        }
    )
