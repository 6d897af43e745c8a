"""Graphs written by hand, operator by operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgeslim.channels.groups import Channels, channels_of
from edgeslim.channels.plan import PruningPlan, Selection
from edgeslim.channels.prune_graph import prune_graph
from edgeslim.graph import Graph, Names, Node
from edgeslim.ops import known_kinds
from edgeslim.opspec import Attribute, Attributes, OpSpec, Shape, Shapes

__all__ = ["Sketch", "pruned", "widths", "with_one", "with_two"]


class Sketch:
    """A network that is being written down; ``x`` is its input."""

    def __init__(self, shape: Shape = (1, 3, 8, 8)) -> None:
        self.shapes: dict[str, Shape] = {"x": shape}
        self.parameters: dict[str, Shape] = {}
        self.nodes: list[Node] = []

    def parameter(self, name: str, *shape: int) -> str:
        """A parameter; the same again is the same."""
        assert self.parameters.setdefault(name, shape) == shape
        return name

    def several(
        self,
        kind: str,
        slots: Mapping[str, str | Sequence[str]],
        outputs: Sequence[Shape],
        /,
        **attributes: Attribute,
    ) -> list[str]:
        """An operator of several outputs; returns their names."""
        known = known_kinds().get(kind)
        slot_out = known.outputs[0] if known else "Out"
        read = {
            slot: (names,) if isinstance(names, str) else tuple(names)
            for slot, names in slots.items()
        }
        weights = {
            slot: each for slot, each in read.items() if all(n in self.parameters for n in each)
        }
        inputs = {slot: each for slot, each in read.items() if slot not in weights}
        names = tuple(f"v{len(self.nodes)}{'abcdefgh'[i]}" for i in range(len(outputs)))
        self.shapes.update(zip(names, outputs, strict=True))
        self.nodes.append(
            Node(
                spec=OpSpec(
                    kind=kind,
                    inputs=self._shapes(inputs),
                    weights=self._shapes(weights),
                    outputs=Shapes({slot_out: tuple(outputs)}),
                    attributes=Attributes(
                        {**(known.attributes if known else {}), **attributes}
                        if kind not in {"conv2d", "depthwise_conv2d", "conv2d_transpose"}
                        else attributes
                    ),
                ),
                inputs=Names(inputs),
                weights=Names(weights),
                outputs=Names({slot_out: names}),
            )
        )
        return list(names)

    def add(
        self,
        kind: str,
        slots: Mapping[str, str | Sequence[str]] | str,
        shape: Shape | None = None,
        /,
        **attributes: Attribute,
    ) -> str:
        """An operator of one output, as large as what it reads if nothing else is said."""
        slots = {"X": slots} if isinstance(slots, str) else slots
        first = next(iter(slots.values()))
        name = first if isinstance(first, str) else first[0]
        (out,) = self.several(kind, slots, [shape or self.shape(name)], **attributes)
        return out

    def conv(self, x: str, name: str, c_out: int, *, groups: int = 1, kind: str = "conv2d") -> str:
        """A 1x1 convolution with the filter ``name``."""
        n, c_in, height, width = self.shape(x)
        filters = self.parameter(name, c_out, c_in // groups, 1, 1)
        shape = (n, c_out, height, width)
        return self.add(kind, {"Input": x, "Filter": filters}, shape, groups=groups)

    def linear(self, x: str, name: str, c_out: int) -> str:
        """A matrix product with the parameter ``name``."""
        *before, c_in = self.shape(x)
        right = self.parameter(name, c_in, c_out)
        return self.add("matmul_v2", {"X": x, "Y": right}, (*before, c_out))

    def pool(self, x: str) -> str:
        """Average over all places, ``(N, C, 1, 1)``."""
        return self.add("pool2d", x, (*self.shape(x)[:2], 1, 1), global_pooling=True)

    def graph(self, *outputs: str) -> Graph:
        """The network; without outputs named, a 1x1 convolution of the last one is it."""
        fetches = outputs or (self.conv(self.nodes[-1].writes()[0], "last", 5),)
        return Graph(
            nodes=tuple(self.nodes),
            feeds={"x": self.shapes["x"]},
            fetches=fetches,
            parameters=dict(sorted(self.parameters.items())),
        )

    def channels(self, *outputs: str) -> Channels:
        """Its channel groups."""
        return channels_of(self.graph(*outputs))

    def shape(self, name: str) -> Shape:
        return {**self.shapes, **self.parameters}[name]

    def _shapes(self, slots: Mapping[str, tuple[str, ...]]) -> Shapes:
        return Shapes({slot: tuple(map(self.shape, names)) for slot, names in slots.items()})


def widths(channels: Channels) -> dict[tuple[str, ...], int]:
    """How many channels each set of weights has together."""
    return {group.producers: group.width for group in channels.groups}


def pruned(graph: Graph, **kept: Sequence[int]) -> Graph:
    """What is left of a network where these places of groups are kept."""
    plan = PruningPlan(kept={name: tuple(each) for name, each in kept.items()})
    return prune_graph(graph, Selection(channels_of(graph), plan))


def with_one() -> tuple[Sketch, str]:
    """A sketch with a convolution ``a`` of eight channels."""
    net = Sketch()
    return net, net.conv("x", "a", 8)


def with_two() -> tuple[Sketch, str, str]:
    """Two convolutions, ``a`` and ``b``, of eight channels beside each other."""
    net, a = with_one()
    return net, a, net.conv("x", "b", 8)
