"""The pass that merges a convolution with the 1x1 convolution after it."""

from __future__ import annotations

from itertools import product
from typing import Any, overload

import numpy as np

from edgeslim.execution import Target
from edgeslim.fusion._network import FusedNetwork
from edgeslim.graph import Graph, Node
from edgeslim.opspec import Attributes, OpSpec, Shape, Shapes

__all__ = [
    "count_cheaper_pairs",
    "is_merging_cheaper",
    "merge_all",
    "merge_convolutions",
    "mergeable_pairs",
    "merged_convolution",
]

IntArray = np.ndarray[Any, np.dtype[np.int64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]


@overload
def is_merging_cheaper(c_in: int, middle: int, c_out: int) -> bool: ...


@overload
def is_merging_cheaper(c_in: IntArray, middle: IntArray, c_out: IntArray) -> BoolArray: ...


def is_merging_cheaper(c_in: Any, middle: Any, c_out: Any) -> Any:
    """Whether merging two convolutions saves work by the optimizer's own condition.

    The condition is that of ``conv_conv_fuser.cc``.

    Args:
        c_in: Channels that the first one reads, a number or an array.
        middle: Channels between the two, a number or an array.
        c_out: Channels that the second one writes, a number or an array; its filter is 1x1.
    """
    extra = c_in * (c_out - middle)
    return (extra > 0) & (extra <= middle * c_out)


def mergeable_pairs(graph: Graph) -> list[tuple[Node, Node]]:
    """Pairs of convolutions in a fused graph that are merged at other widths."""
    network = FusedNetwork(graph)
    found = [(network[first], network[second]) for first, second in _pairs(network)]
    return [
        (first, second)
        for first, second in found
        if second.spec.weights["Filter"][0][2:] == (1, 1)
        and first.spec.attributes["groups"] == 1
        and "act_type" not in first.spec.attributes
    ]


def merged_convolution(first: OpSpec, second: OpSpec) -> OpSpec:
    """The convolution that two are merged into."""
    _, c_in, k_h, k_w = first.weights["Filter"][0]
    c_out = second.output_shape[1]
    keep = {name: first.attributes[name] for name in ("strides", "paddings", "dilations", "groups")}
    activation = {name: value for name, value in second.attributes.items() if name not in keep}
    weights: dict[str, tuple[Shape, ...]] = {"Filter": ((c_out, c_in, k_h, k_w),)}
    if "Bias" in first.weights or "Bias" in second.weights:
        weights["Bias"] = ((c_out,),)
    return OpSpec(
        kind=first.kind,
        inputs=first.inputs,
        outputs=second.outputs,
        weights=Shapes(weights),
        attributes=Attributes({**keep, **activation}),
    )


def merge_convolutions(network: FusedNetwork, _: Target) -> None:
    """``lite_conv_conv_fuse_pass``: if one pair is cheaper when merged, all pairs are merged.

    The pass goes over the network four times, for convolutions with and without a bias. Each time
    it looks for one cheaper pair, whatever its biases, and then merges all pairs with the biases
    of that time. Of three in a row, the first two become one.
    """
    for biases in product((True, False), (True, False)):
        pairs = _pairs(network)
        if not any(_is_cheaper(network, *pair) for pair in pairs):
            continue
        used: set[int] = set()
        for pair in pairs:
            if used.isdisjoint(pair) and _has_biases(network, pair, biases):
                used.update(pair)
                _merge(network, *pair)


def merge_all(network: FusedNetwork, _: Target) -> None:
    """Merges all pairs, as in a network that has a cheaper one."""
    for biases in product((True, False), (True, False)):
        used: set[int] = set()
        for pair in _pairs(network):
            if used.isdisjoint(pair) and _has_biases(network, pair, biases):
                used.update(pair)
                _merge(network, *pair)


def count_cheaper_pairs(network: FusedNetwork) -> int:
    """Number of pairs of convolutions that are cheaper when merged."""
    return sum(_is_cheaper(network, *pair) for pair in _pairs(network))


def _pairs(network: FusedNetwork) -> list[tuple[int, int]]:
    """Pairs of convolutions, where the second has no groups and alone reads the first's output."""
    found = [
        (number, second)
        for number, first in network.nodes_of_kind("conv2d")
        if (second := network.behind(number, "conv2d")) is not None
        and network[second].spec.attributes["groups"] == 1
        and "Filter" in first.weights
        and "Filter" in network[second].weights
    ]
    return sorted(found, key=lambda pair: pair[1])


def _is_cheaper(network: FusedNetwork, first: int, second: int) -> bool:
    filters = [network[number].spec.weights["Filter"][0] for number in (first, second)]
    return (
        filters[1][2:] == (1, 1)
        and network[first].spec.attributes["groups"] == 1
        and is_merging_cheaper(filters[0][1], filters[0][0], filters[1][0])
    )


def _has_biases(network: FusedNetwork, pair: tuple[int, int], biases: tuple[bool, bool]) -> bool:
    """Whether a pair has the wanted biases; an extra bias of the first does not matter."""
    first, second = (network[number] for number in pair)
    if ("Bias" in second.weights) != biases[1] or (biases[0] and "Bias" not in first.weights):
        return False
    own = [*second.weights["Filter"], *(first.weights["Bias"] if biases[0] else ())]
    return all(network.only_reader(name) in pair for name in own)


def _merge(network: FusedNetwork, first: int, second: int) -> None:
    before, after = network[first], network[second]
    spec = merged_convolution(before.spec, after.spec)
    bias = after.weights.get("Bias") or before.weights.get("Bias")
    weights = {"Filter": before.weights["Filter"], **({"Bias": bias} if bias else {})}
    for slot, (name,) in weights.items():
        network.reshape_weight(name, spec.weights[slot][0])
    network.remove(second)
    network.change(
        first,
        Node(
            spec=spec,
            inputs=before.inputs,
            weights=type(before.weights)(weights),
            outputs=after.outputs,
        ),
    )
