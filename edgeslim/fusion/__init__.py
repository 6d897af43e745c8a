"""The result of Paddle-Lite's optimizer for a network, computed without running it.

The passes are those of Paddle-Lite 2.13 for ``arm`` and ``x86`` in their order
(`edgeslim.fusion._passes`); tests compare them with the optimizer.

Tests compare operators, wiring and, where there are no branches, order with `opt` itself: every
model by name, ten of `paddle.vision`, random networks of the spaces, convolutions of random widths
in a row, and each activation behind each operator. The order of independent branches cannot be
known: there `opt` goes by addresses in its memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeslim.execution import Target
from edgeslim.fusion._activations import (
    activation_attributes,
    convolution_activations,
    elementwise_activations,
    fc_activations,
)
from edgeslim.fusion._convolution_merging import (
    count_cheaper_pairs,
    is_merging_cheaper,
    merge_all,
    merge_convolutions,
    mergeable_pairs,
    merged_convolution,
)
from edgeslim.fusion._network import FusedNetwork
from edgeslim.fusion._passes import PASSES
from edgeslim.graph import Graph

__all__ = [
    "MergeAlternatives",
    "activation_attributes",
    "convolution_activations",
    "elementwise_activations",
    "fc_activations",
    "fuse",
    "fuse_with_and_without_merging",
    "is_merging_cheaper",
    "mergeable_pairs",
    "merged_convolution",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeAlternatives:
    """A part of a network as the optimizer would leave it without and with merged convolutions.

    One pair anywhere in a network that is cheaper when merged makes the optimizer merge all pairs,
    so a part of it does not decide alone.

    Args:
        plain: Fused graph with no convolutions merged.
        merged: Fused graph with all pairs of convolutions merged.
        cheaper: Number of pairs that make the optimizer merge all.
    """

    plain: Graph
    merged: Graph
    cheaper: int


def fuse(graph: Graph, target: Target) -> Graph:
    """The operators that the optimizer leaves of a network, in the order they run.

    Args:
        graph: The network before the optimizer.
        target: Kind of processor that it is converted for.
    """
    return _apply_passes(graph, target, merge_convolutions)


def fuse_with_and_without_merging(graph: Graph, target: Target) -> MergeAlternatives:
    """The results of `fuse` if no convolutions are merged, and if all pairs are."""
    cheaper: list[int] = []

    def leave(network: FusedNetwork, _: Target) -> None:
        cheaper.append(count_cheaper_pairs(network))

    plain = _apply_passes(graph, target, leave)
    return MergeAlternatives(
        plain=plain, merged=_apply_passes(graph, target, merge_all), cheaper=sum(cheaper)
    )


def _apply_passes(
    graph: Graph, target: Target, merge: Callable[[FusedNetwork, Target], None]
) -> Graph:
    network = FusedNetwork(graph)
    for rule in PASSES:
        if target in rule.targets:
            apply = merge if rule.apply is merge_convolutions else rule.apply
            apply(network, target)
    return network.graph()
