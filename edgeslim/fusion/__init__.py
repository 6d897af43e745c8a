"""What Paddle-Lite's optimizer makes of a network, without asking it.

The rules are those of Paddle-Lite 2.13 for ``arm`` and ``x86``, one for each of its passes
and in their order (`edgeslim.fusion._passes`); tests hold them against the optimizer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeslim.execution import Target
from edgeslim.fusion._activations import (
    activation_of_convolution,
    into_convolution,
    into_elementwise,
    into_fc,
)
from edgeslim.fusion._merging import (
    linear_pairs,
    merge_all,
    merge_convolutions,
    merged_convolution,
    merging_pays,
    paying_pairs,
)
from edgeslim.fusion._network import FusedNetwork
from edgeslim.fusion._passes import PASSES
from edgeslim.graph import Graph

__all__ = [
    "BothWays",
    "activation_of_convolution",
    "fuse",
    "fuse_both_ways",
    "into_convolution",
    "into_elementwise",
    "into_fc",
    "linear_pairs",
    "merged_convolution",
    "merging_pays",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class BothWays:
    """What the optimizer would leave of a network in the company of others.

    Whether it merges the pairs of a network hangs on one of them anywhere in it.

    Args:
        plain: With no convolutions merged.
        merged: With all pairs merged.
        paying: How many pairs make it merge all.
    """

    plain: Graph
    merged: Graph
    paying: int


def fuse(graph: Graph, target: Target) -> Graph:
    """The operators that the optimizer leaves of a network, in the order they run.

    Args:
        graph: The network as it goes into the optimizer.
        target: What it is converted for.
    """
    return _through(graph, target, merge_convolutions)


def fuse_both_ways(graph: Graph, target: Target) -> BothWays:
    """What `fuse` leaves if no convolutions are merged, and if all pairs are."""
    paying: list[int] = []

    def leave(network: FusedNetwork, _: Target) -> None:
        paying.append(paying_pairs(network))

    plain = _through(graph, target, leave)
    return BothWays(plain=plain, merged=_through(graph, target, merge_all), paying=sum(paying))


def _through(graph: Graph, target: Target, merge: Callable[[FusedNetwork, Target], None]) -> Graph:
    network = FusedNetwork(graph)
    for rule in PASSES:
        if target in rule.targets:
            apply = merge if rule.apply is merge_convolutions else rule.apply
            apply(network, target)
    return network.graph()
