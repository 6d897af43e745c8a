"""Which nodes of a model an event of ONNX Runtime's profile is, after the runtime fused them.

The runtime folds norms into convolutions, takes activations and sums into them, and renames some:
a convolution in its blocked layout is called after the last tensor of its chain, with ``_nchwc``
behind (seen in onnxruntime 1.23.2).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from edgeslim.table_formats._onnx_file import OnnxModel, OnnxNode

__all__ = ["ACTIVATIONS", "BLOCKED", "WINDOWS", "Chain", "OnnxChains"]

BLOCKED = "_nchwc"
"""End of the names of operators in the runtime's blocked layout."""

ACTIVATIONS = {
    *("Relu", "Clip", "LeakyRelu", "HardSigmoid", "Sigmoid", "Tanh", "HardSwish"),
}
_FOLDED = {"BatchNormalization"}
WINDOWS = {
    *("Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """What one event computes.

    Args:
        node: The node that does the work.
        absorbed: Nodes behind it that the runtime took into it, in order.
    """

    node: OnnxNode
    absorbed: tuple[OnnxNode, ...] = ()

    @property
    def activation(self) -> OnnxNode | None:
        """The activation that is applied to the result, if there is one."""
        return next((node for node in self.absorbed if node.kind in ACTIVATIONS), None)


class OnnxChains:
    """Finds the nodes of events.

    Args:
        model: The model that was profiled, as it was before the runtime optimized it.
        executed: Names of all events of a run.
    """

    def __init__(self, model: OnnxModel, executed: Collection[str]) -> None:
        # Nodes without a name are called after their operator and their place in the model.
        self._nodes = {
            node.name or f"{node.kind}_{place}": node for place, node in enumerate(model.nodes)
        }
        self._producers = {name: node for node in model.nodes for name in node.outputs}
        self._consumers: dict[str, list[OnnxNode]] = {}
        for node in model.nodes:
            for name in node.inputs:
                self._consumers.setdefault(name, []).append(node)
        self._written = {name.removesuffix(BLOCKED) for name in executed if name.endswith(BLOCKED)}
        self._written.update(
            name
            for event in executed
            if event in self._nodes
            for name in self._nodes[event].outputs
        )

    def find(self, event: str, kind: str, *, adds_sum: bool) -> Chain | None:
        """The nodes of an event, or None if the model has none of this name.

        Args:
            event: Name of the event.
            kind: Operator that the runtime calls it.
            adds_sum: Whether it adds another tensor to its result.
        """
        node = self._nodes.get(event)
        if node is not None:
            wanted = set(_FOLDED)
            if kind.startswith("Fused"):
                wanted |= ACTIVATIONS | ({"Add"} if adds_sum else set())
            return Chain(node=node, absorbed=tuple(self._behind(node, wanted)))
        if not event.endswith(BLOCKED):
            return None
        return self._find_blocked(event.removesuffix(BLOCKED), adds_sum=adds_sum)

    def _find_blocked(self, tensor: str, *, adds_sum: bool) -> Chain | None:
        """The chain that ends in a tensor, back to the operator with a window."""
        absorbed: list[OnnxNode] = []
        node = self._producers.get(tensor)
        while node is not None and node.kind not in WINDOWS:
            absorbed.insert(0, node)
            before = [
                self._producers[name]
                for name in node.inputs
                if name in self._producers and name not in self._written
            ]
            node = before[0] if before else None
        if node is None:
            return None
        if adds_sum and not any(found.kind == "Add" for found in absorbed):
            last = absorbed[-1] if absorbed else node
            absorbed += self._behind(last, {"Add", "Sum", *ACTIVATIONS})
        return Chain(node=node, absorbed=tuple(absorbed))

    def _behind(self, node: OnnxNode, wanted: Collection[str]) -> Iterator[OnnxNode]:
        """Nodes behind a node that do not run by themselves, as far as they are of these kinds."""
        while node.outputs:
            consumers = self._consumers.get(node.outputs[0], [])
            if len(consumers) != 1 or consumers[0].kind not in wanted:
                return
            (node,) = consumers
            if node.outputs[0] in self._written:
                return
            yield node
