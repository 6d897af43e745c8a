"""Work that cannot fit in memory is refused before it begins.

What is computed here is the least that is needed, so that nothing is refused that would fit: where
more is needed than there is, the system ends the process in the middle without a word.
"""

from __future__ import annotations

from collections.abc import Iterable

from edgeslim.free_memory import require_memory
from edgeslim.graph import Graph
from edgeslim.opspec import OpSpec

__all__ = ["check_memory", "check_training_memory", "running_bytes", "training_bytes"]

_STATES = 3
"""Copies of each weight while it is trained: itself, its gradient and its velocity."""
_KEPT = 0.4
"""Share of the feature maps that the backward pass needs at least: of a convolution, its norm and
its activation, not all three are kept."""


def running_bytes(specs: Iterable[OpSpec], weight_bytes: int = 0) -> int:
    """Bytes that running a network needs at least.

    Args:
        specs: Operators of the network.
        weight_bytes: Size of all its weights.
    """
    return weight_bytes + max(map(_bytes_at_once, specs), default=0)


def _bytes_at_once(spec: OpSpec) -> int:
    """Bytes that an operator reads and writes; one that may write over its input needs it once."""
    sources = [shape for shapes in spec.inputs.values() for shape in shapes]
    results = [shape for shapes in spec.outputs.values() for shape in shapes]
    in_place = len(sources) == 1 and sources == results
    return spec.input_bytes + (0 if in_place else spec.output_bytes)


def training_bytes(graph: Graph, batch_size: int) -> int:
    """Bytes that training a network needs at least.

    Args:
        graph: The network, for any batch.
        batch_size: Examples of a step.
    """
    given = next((shape[0] for shape in graph.feeds.values() if shape), 1)
    maps = sum(spec.output_bytes for spec in graph.specs)
    return _STATES * graph.weight_bytes + round(_KEPT * maps / max(1, given) * batch_size)


def check_memory(graph: Graph, name: str) -> None:
    """Refuses to run a network for which there is not enough memory here.

    Raises:
        TooLargeError: There is not.
    """
    require_memory(
        running_bytes(graph.specs, graph.weight_bytes),
        f"running {name}",
        "give a smaller --input-shape",
    )


def check_training_memory(graph: Graph, name: str, batch_size: int) -> None:
    """Refuses to train a network for which there is not enough memory here.

    Raises:
        TooLargeError: There is not.
    """
    require_memory(
        training_bytes(graph, batch_size),
        f"training {name} with {batch_size} examples at once",
        "give a smaller --batch-size or --input-shape",
    )
