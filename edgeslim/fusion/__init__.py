"""What Paddle-Lite's optimizer makes of a network, without asking it.

The rules are those of Paddle-Lite 2.13 for ``arm`` and ``x86``, one for each of its passes
and in their order (`edgeslim.fusion._passes`); tests hold them against the optimizer.
"""

from __future__ import annotations

from edgeslim.execution import Target
from edgeslim.fusion._activations import (
    activation_of_convolution,
    into_convolution,
    into_elementwise,
    into_fc,
)
from edgeslim.fusion._merging import linear_pairs, merged_convolution, merging_pays
from edgeslim.fusion._network import Network
from edgeslim.fusion._passes import PASSES
from edgeslim.graph import Graph

__all__ = [
    "activation_of_convolution",
    "fuse",
    "into_convolution",
    "into_elementwise",
    "into_fc",
    "linear_pairs",
    "merged_convolution",
    "merging_pays",
]


def fuse(graph: Graph, target: Target) -> Graph:
    """The operators that the optimizer leaves of a network, in the order they run.

    Args:
        graph: The network as it goes into the optimizer.
        target: What it is converted for.
    """
    network = Network(graph)
    for rule in PASSES:
        if target in rule.targets:
            rule.apply(network, target)
    return network.graph()
