"""Passes that fuse a bias, batch norm, activation or factor into the convolution before it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edgeslim.execution import Target
from edgeslim.fusion._activations import activation_attributes, convolution_activations
from edgeslim.fusion._network import FusedNetwork
from edgeslim.graph import Node
from edgeslim.opspec import Attribute, Attributes

__all__ = ["fuse_activations", "fuse_additions", "fuse_norms", "fuse_scales"]

_KINDS = ("conv2d", "depthwise_conv2d", "conv2d_transpose")


def fuse_additions(network: FusedNetwork, _: Target) -> None:
    """``lite_conv_elementwise_fuse_pass``: a weight of one axis added to the channels.

    A single number is fused too, if the convolution already has a bias.
    """
    for has_bias in (True, False):
        for kind in _KINDS:
            for number, conv in network.nodes_of_kind(kind):
                if has_bias and "Bias" not in conv.weights:
                    continue
                added = network.behind(number, "elementwise_add")
                if added is None:
                    continue
                add = network[added]
                if add.inputs.get("X") != conv.writes() or "Y" not in add.weights:
                    continue
                (bias,) = add.weights["Y"]
                channels = _channels(conv)
                if network.only_reader(bias) != added:
                    continue
                if network.shape(bias) == (1,) and has_bias:
                    network.reshape_weight(bias, (channels,))
                if network.shape(bias) == (channels,):
                    _absorb(network, number, added, bias=bias)


def fuse_norms(network: FusedNetwork, _: Target) -> None:
    """``lite_conv_bn_fuse_pass``: the norm's statistics go into the filter and the bias."""
    for kind in _KINDS:
        for number, _conv in network.nodes_of_kind(kind):
            norm = network.behind(number, "batch_norm")
            if norm is None:
                continue
            weights = network[norm].weights
            if set(weights) != {"Scale", "Bias", "Mean", "Variance"}:
                continue
            own = (weights[slot][0] for slot in ("Scale", "Mean", "Variance"))
            if all(network.only_reader(name) == norm for name in own):
                _absorb(network, number, norm, bias=weights["Bias"][0])


def fuse_activations(network: FusedNetwork, target: Target) -> None:
    """``lite_conv_activation_fuse_pass``."""
    for kind in _KINDS:
        for activation in convolution_activations(target, kind):
            for has_bias in (True, False):
                for number, conv in network.nodes_of_kind(kind):
                    behind = network.behind(number, activation)
                    if behind is None or ("Bias" in conv.weights) != has_bias:
                        continue
                    attributes = activation_attributes(activation, network[behind].spec.attributes)
                    made = _with_output(network, conv, behind, attributes)
                    network.replace((number, behind), made)


def fuse_scales(network: FusedNetwork, _: Target) -> None:
    """``lite_conv_scale_fuse_pass``: a factor goes into filter and bias.

    The pass does not look whether the convolution has an activation already.
    """
    for kind in ("conv2d", "depthwise_conv2d"):
        for number, conv in network.nodes_of_kind(kind):
            scale = network.behind(number, "scale")
            if scale is None or "Bias" not in conv.weights:
                continue
            if network.only_reader(conv.weights["Bias"][0]) == number:
                attributes = _activation_of_scale(network[scale].spec.attributes)
                _absorb(network, number, scale, attributes)


def _activation_of_scale(scale: Attributes) -> dict[str, Attribute]:
    """Attributes of a convolution for the activation that was fused into a factor."""
    activation = str(scale.get("activation_type", ""))
    if not activation:
        return {}
    ceiling = scale.get("alpha", 0.0)
    return activation_attributes(activation, {"threshold": ceiling, "alpha": ceiling})


def _channels(conv: Node) -> int:
    """Number of channels that a convolution writes, by its filter."""
    filters = {**conv.spec.inputs, **conv.spec.weights}["Filter"][0]
    if conv.spec.kind != "conv2d_transpose":
        return filters[0]
    groups = conv.spec.attributes["groups"]
    assert isinstance(groups, int)  # noqa: S101 - its default says so
    return filters[1] * groups


def _absorb(
    network: FusedNetwork,
    number: int,
    behind: int,
    attributes: Mapping[str, Attribute] = MappingProxyType({}),
    *,
    bias: str | None = None,
) -> None:
    """Changes a convolution in place so that it computes the operator after it as well."""
    made = _with_output(network, network[number], behind, attributes, bias=bias)
    network.remove(behind)
    network.change(number, made)


def _with_output(
    network: FusedNetwork,
    conv: Node,
    behind: int,
    attributes: Mapping[str, Attribute],
    *,
    bias: str | None = None,
) -> Node:
    """A convolution that writes the output of the operator after it."""
    reads = {**conv.inputs, **conv.weights}
    if bias is not None:
        reads["Bias"] = (bias,)
    return network.node(
        conv.spec.kind,
        reads,
        {"Output": network[behind].writes()},
        **{**conv.spec.attributes, **attributes},
    )
