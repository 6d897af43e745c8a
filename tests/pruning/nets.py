"""Small networks with weights, put together without Paddle."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.channels.groups import channels_of
from edgeslim.graph import Graph, Names, Node
from edgeslim.opspec import Attributes, OpSpec, Shape, Shapes
from edgeslim.pruning.weights import Weights

Array = NDArray[np.float64]


class Net:
    """A network that grows operator by operator from the input ``x``, ``(1, c, 4, 4)``."""

    def __init__(self, channels: int = 3, seed: int = 0) -> None:
        self.nodes: list[Node] = []
        self.shapes: dict[str, Shape] = {"x": (1, channels, 4, 4)}
        self.tensors: dict[str, Array] = {}
        self.random = np.random.default_rng(seed)

    def convolution(self, name: str, source: str, channels: int, *, kernel: int = 1) -> str:
        """A dense one with the weight ``name``."""
        return self._convolution("conv2d", name, source, (channels, self._c(source)), kernel)

    def depthwise(self, name: str, source: str) -> str:
        return self._convolution("depthwise_conv2d", name, source, (self._c(source), 1), 3)

    def _convolution(
        self, kind: str, name: str, source: str, filters: tuple[int, int], kernel: int
    ) -> str:
        weight = self._weight(name, (*filters, kernel, kernel))
        shape = (1, filters[0], 4, 4)
        attributes = Attributes(
            strides=(1, 1),
            paddings=(kernel // 2,) * 4,
            dilations=(1, 1),
            groups=self._c(source) // filters[1],
        )
        return self._node(
            kind,
            Names(Input=(source,)),
            Names(Filter=(weight,)),
            ("Output", f"{name}.out", shape),
            attributes,
        )

    def norm(self, name: str, source: str) -> str:
        """A batch norm with the scale ``name`` and the shift ``name.shift``."""
        size = (self._c(source),)
        names = {
            "Scale": self._weight(name, size),
            "Bias": self._weight(f"{name}.shift", size),
            "Mean": self._weight(f"{name}.mean", size),
            "Variance": self._weight(f"{name}.variance", size),
        }
        return self._node(
            "batch_norm",
            Names(X=(source,)),
            Names({slot: (each,) for slot, each in names.items()}),
            ("Y", f"{name}.out", self.shapes[source]),
            Attributes(data_layout="NCHW"),
        )

    def relu(self, source: str) -> str:
        return self._node(
            "relu", Names(X=(source,)), Names(), ("Out", f"{source}.relu", self.shapes[source])
        )

    def add(self, first: str, second: str) -> str:
        return self._node(
            "elementwise_add",
            Names(X=(first,), Y=(second,)),
            Names(),
            ("Out", f"{first}+{second}", self.shapes[first]),
            Attributes(axis=-1),
        )

    def concatenation(self, *sources: str) -> str:
        shape = (1, sum(map(self._c, sources)), 4, 4)
        return self._node(
            "concat",
            Names(X=sources),
            Names(),
            ("Out", "|".join(sources), shape),
            Attributes(axis=1),
        )

    def graph(self, *fetches: str) -> Graph:
        return Graph(
            nodes=tuple(self.nodes),
            feeds={"x": self.shapes["x"]},
            fetches=fetches,
            parameters={name: each.shape for name, each in self.tensors.items()},
        )

    def weights(self, *fetches: str, gradients: dict[str, Array] | None = None) -> Weights:
        graph = self.graph(*fetches)
        return Weights(
            graph=graph, channels=channels_of(graph), tensors=self.tensors, gradients=gradients
        )

    def _c(self, name: str) -> int:
        return self.shapes[name][1]

    def _weight(self, name: str, shape: Shape) -> str:
        self.tensors[name] = self.random.normal(size=shape)
        return name

    def _node(
        self,
        kind: str,
        inputs: Names,
        weights: Names,
        output: tuple[str, str, Shape],
        attributes: Attributes | None = None,
    ) -> str:
        slot, name, shape = output
        self.shapes[name] = shape
        known: dict[str, Any] = {
            **self.shapes,
            **{key: each.shape for key, each in self.tensors.items()},
        }
        spec = OpSpec(
            kind=kind,
            inputs=Shapes({s: tuple(known[n] for n in names) for s, names in inputs.items()}),
            weights=Shapes({s: tuple(known[n] for n in names) for s, names in weights.items()}),
            outputs=Shapes({slot: (shape,)}),
            attributes=attributes or Attributes(),
        )
        self.nodes.append(
            Node(spec=spec, inputs=inputs, outputs=Names({slot: (name,)}), weights=weights)
        )
        return name


def residual() -> tuple[Net, str]:
    """Groups ``first`` (8 channels), ``stage`` (12, by two weights) and ``hidden`` (6)."""
    net = Net()
    first = net.relu(net.norm("first.scale", net.convolution("first", "x", 8, kernel=3)))
    stage = net.norm("stage.scale", net.convolution("stage", first, 12))
    hidden = net.relu(net.norm("hidden.scale", net.convolution("hidden", stage, 6, kernel=3)))
    back = net.norm("back.scale", net.convolution("back", hidden, 12))
    return net, net.convolution("last", net.relu(net.add(stage, back)), 5)
