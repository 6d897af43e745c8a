"""Passes on sums, differences and products of two tensors with the operators around them."""

from __future__ import annotations

from edgeslim.execution import Target
from edgeslim.fusion._activations import elementwise_activations
from edgeslim.fusion._network import FusedNetwork

__all__ = ["fuse_activations", "fuse_swish"]


def fuse_swish(network: FusedNetwork, _: Target) -> None:
    """``lite_sigmoid_elementmul_fuse_pass``: a tensor times its own sigmoid."""
    for number, sigmoid in network.nodes_of_kind("sigmoid"):
        product = network.behind(number, "elementwise_mul")
        if product is None:
            continue
        read = set(network[product].reads())
        if read == {*sigmoid.reads(), *sigmoid.writes()} and not network[product].weights:
            made = network.node(
                "swish", {"X": sigmoid.reads()}, {"Out": network[product].writes()}, beta=1.0
            )
            network.replace((number, product), made)


def fuse_activations(network: FusedNetwork, target: Target) -> None:
    """``lite_elementwise_activation_fuse_pass``."""
    for kind in ("elementwise_add", "elementwise_sub", "elementwise_mul"):
        for activation in elementwise_activations(target):
            for number, node in network.nodes_of_kind(kind):
                behind = network.behind(number, activation)
                if behind is None:
                    continue
                made = network.node(
                    f"fusion_{kind}_activation",
                    {**node.inputs, **node.weights},
                    {"Out": network[behind].writes()},
                    **node.spec.attributes,
                    act_type=activation,
                )
                network.replace((number, behind), made)
