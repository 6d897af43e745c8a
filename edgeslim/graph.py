"""A network as a list of operators in the order they run, wired by variable names."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from edgeslim.frozen import FrozenMap
from edgeslim.opspec import FLOAT_BYTES, OpSpec, Shape, Shapes

__all__ = ["Graph", "Names", "Node"]


class Names(FrozenMap[tuple[str, ...]]):
    """Names of the variables in each named slot of an operator."""


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One operator in a graph, with the names of what it reads and writes."""

    spec: OpSpec
    inputs: Names
    outputs: Names
    weights: Names = Names()

    def reads(self) -> tuple[str, ...]:
        """Names of the activations read."""
        return tuple(name for names in self.inputs.values() for name in names)

    def writes(self) -> tuple[str, ...]:
        """Names of the activations written."""
        return tuple(name for names in self.outputs.values() for name in names)

    def shapes(self) -> dict[str, Shape]:
        """Shape of everything read and written, by name."""
        spec = self.spec
        return {
            name: shape
            for slots, shapes in (
                (self.inputs, spec.inputs),
                (self.outputs, spec.outputs),
                (self.weights, spec.weights),
            )
            for slot, names in slots.items()
            for name, shape in zip(names, shapes[slot], strict=True)
        }


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """A whole network.

    Args:
        nodes: Operators in the order they run, without feed and fetch.
        feeds: Shape of each input by name.
        fetches: Names of the outputs.
        parameters: Shape of each persistent tensor by name, in the order in which operators
            first read them.
        feed_types: Type of the elements of those inputs that are not float32, by name.
        feed_bounds: Upper bounds (exclusive) of inputs that are indices, by name.
    """

    nodes: tuple[Node, ...]
    feeds: dict[str, Shape]
    fetches: tuple[str, ...]
    parameters: dict[str, Shape]
    feed_types: dict[str, str] = {}
    feed_bounds: dict[str, int] = {}

    @staticmethod
    def of_unwired(specs: Sequence[OpSpec]) -> Graph:
        """A network of which only the operators are known: each reads inputs of its own.

        Args:
            specs: Operators in the order they run, with repetition.
        """
        nodes = tuple(_unwired_node(index, spec) for index, spec in enumerate(specs))
        feeds, parameters = dict[str, Shape](), dict[str, Shape]()
        for node in nodes:
            for names, slots, found in (
                (node.inputs, node.spec.inputs, feeds),
                (node.weights, node.spec.weights, parameters),
            ):
                for slot, shapes in slots.items():
                    found.update(zip(names[slot], shapes, strict=True))
        fetches = tuple(name for node in nodes for name in node.writes())
        return Graph(nodes=nodes, feeds=feeds, fetches=fetches, parameters=parameters)

    def feed_type(self, name: str) -> str:
        """Type of an input's elements, as NumPy calls it."""
        return self.feed_types.get(name, "float32")

    @property
    def specs(self) -> tuple[OpSpec, ...]:
        """The operators, in order, with repetition."""
        return tuple(node.spec for node in self.nodes)

    @property
    def shapes(self) -> dict[str, Shape]:
        """Shape of every tensor by name."""
        found = {**self.parameters, **self.feeds}
        for node in self.nodes:
            found.update(node.shapes())
        return found

    @property
    def feature_maps(self) -> dict[str, Shape]:
        """Shapes of outputs of operators that are read by others or are the network's, by name."""
        read = {name for node in self.nodes for name in node.reads()}.union(self.fetches)
        return {
            name: shape
            for node in self.nodes
            for name, shape in node.shapes().items()
            if name in read and name in node.writes()
        }

    @property
    def elements(self) -> int:
        """Elements of all persistent tensors."""
        return sum(map(math.prod, self.parameters.values()))

    @property
    def weight_bytes(self) -> int:
        """Size of all persistent tensors that the operators read."""
        used = {name for node in self.nodes for names in node.weights.values() for name in names}
        return FLOAT_BYTES * sum(
            math.prod(shape) for name, shape in self.parameters.items() if name in used
        )


def _unwired_node(index: int, spec: OpSpec) -> Node:
    def names(slots: Shapes) -> Names:
        return Names(
            {
                slot: tuple(f"{index}.{slot}.{place}" for place in range(len(shapes)))
                for slot, shapes in slots.items()
            }
        )

    return Node(
        spec=spec,
        inputs=names(spec.inputs),
        outputs=names(spec.outputs),
        weights=names(spec.weights),
    )
