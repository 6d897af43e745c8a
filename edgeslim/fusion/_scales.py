"""Passes on constant factors and on operators that compute nothing."""

from __future__ import annotations

import numpy as np

from edgeslim.execution import Target
from edgeslim.fusion._network import FusedNetwork
from edgeslim.graph import Node
from edgeslim.ops import known_kinds
from edgeslim.opspec import Attribute

__all__ = [
    "drop_dropouts",
    "drop_identities",
    "drop_products_with_one",
    "fuse_activations",
    "fuse_scales",
]


def drop_identities(network: FusedNetwork, _: Target) -> None:
    """``identity_scale_eliminate_pass``."""
    for number, scale in network.nodes_of_kind("scale"):
        if known_kinds()["scale"].is_identity(scale.spec):
            _drop(network, number, unless_behind="scale")


def drop_dropouts(network: FusedNetwork, _: Target) -> None:
    """``identity_dropout_eliminate_pass``: dropouts that scale nothing at inference."""
    for number, dropout in network.nodes_of_kind("dropout"):
        if dropout.spec.attributes["is_test"] and known_kinds()["dropout"].is_identity(
            dropout.spec
        ):
            _drop(network, number)


def _drop(network: FusedNetwork, number: int, *, unless_behind: str = "") -> None:
    """Removes an operator if it alone reads its input, which then gets the output's name."""
    (source,), (result,) = network[number].reads(), network[number].writes()
    maker = network.maker(source)
    if network.only_reader(source) != number or network.is_weight(source):
        return
    if maker is None or network[maker].spec.kind != unless_behind:
        network.remove(number)
        network.rename_output(source, result)


def fuse_scales(network: FusedNetwork, _: Target) -> None:
    """``lite_scales_fuse_pass``: two factors become one."""
    for number, first in network.nodes_of_kind("scale"):
        behind = network.behind(number, "scale")
        if behind is None or not all(map(_is_linear, (first, network[behind]))):
            continue
        one, two = (_numbers(scale) for scale in (first, network[behind]))
        made = network.node(
            "scale",
            first.inputs,
            network[behind].outputs,
            scale=_decimal(one[0] * two[0]),
            bias=_decimal(one[1] * two[0] + two[1]),
        )
        network.replace((number, behind), made)


def drop_products_with_one(network: FusedNetwork, _: Target) -> None:
    """``elementwise_mul_constant_eliminate_pass``: a product with a constant of ones."""
    for number, product in network.nodes_of_kind("elementwise_mul"):
        (x,), (y,) = ({**product.inputs, **product.weights}[slot] for slot in ("X", "Y"))
        (result,) = product.writes()
        ones, reader = network.maker(y), network.only_reader(result)
        if ones is None or reader is None or network.only_reader(y) != number:
            continue
        constant = network[ones].spec
        if constant.kind != "fill_constant" or constant.attributes["value"] != 1.0:
            continue
        if network.shape(x) == network.shape(result) and not network.is_weight(x):
            network.remove(number, ones)
            network.rename_input(reader, result, x)


def fuse_activations(network: FusedNetwork, _: Target) -> None:
    """``lite_scale_activation_fuse_pass``."""
    for activation, parameter in (("relu", ""), ("relu6", "threshold"), ("leaky_relu", "alpha")):
        for number, scale in network.nodes_of_kind("scale"):
            behind = network.behind(number, activation)
            if behind is None:
                continue
            attributes: dict[str, Attribute] = {
                **scale.spec.attributes,
                "activation_type": activation,
            }
            if parameter:
                attributes["alpha"] = network[behind].spec.attributes[parameter]
            made = network.node("scale", scale.inputs, network[behind].outputs, **attributes)
            network.replace((number, behind), made)


def _is_linear(node: Node) -> bool:
    attributes = node.spec.attributes
    return bool(attributes["bias_after_scale"]) and not attributes.get("activation_type")


def _numbers(node: Node) -> tuple[np.float32, np.float32]:
    """Factor and offset in the precision that the optimizer calculates in."""
    scale, bias = (node.spec.attributes[name] for name in ("scale", "bias"))
    assert isinstance(scale, float)  # noqa: S101 - their defaults say so
    assert isinstance(bias, float)  # noqa: S101
    return np.float32(scale), np.float32(bias)


def _decimal(number: np.float32) -> float:
    """The shortest decimal for a number, as program descriptions are read."""
    return float(str(number))
