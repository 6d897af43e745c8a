"""Convolutions: dense, grouped, depthwise and transposed ones, with what is fused into them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from edgeslim.graph import Node
from edgeslim.ops._channel_flow import ChannelFlow, Labels
from edgeslim.ops._channel_rules import keep_all, main_output, tensor_in
from edgeslim.ops._channel_sizes import Resizing
from edgeslim.ops._kind import OperatorKind
from edgeslim.opspec import Attribute, Attributes, OpSpec, Shape, Shapes
from edgeslim.window_sides import window_sides

__all__ = ["KINDS"]

_ATTRIBUTES: dict[str, Attribute] = {
    "strides": (1, 1),
    "paddings": (0, 0),
    "dilations": (1, 1),
    "groups": 1,
    "padding_algorithm": "EXPLICIT",
    "with_act": False,
    "act_type": "",
    "fuse_relu": False,
    "fuse_brelu_threshold": 6.0,
    "leaky_relu_alpha": 0.01,
    "hard_swish_offset": 3.0,
    "hard_swish_scale": 6.0,
    "hard_swish_threshold": 6.0,
}

_OF_ACTIVATION = {
    "relu": (),
    "relu6": ("fuse_brelu_threshold",),
    "leaky_relu": ("leaky_relu_alpha",),
    "hard_swish": ("hard_swish_offset", "hard_swish_scale", "hard_swish_threshold"),
}


def _explicit_paddings(attributes: Attributes, inputs: Shapes, weights: Shapes) -> Attributes:
    """Explicit paddings on four sides, and only the activation's own parameters."""
    shape, kernel = inputs["Input"][0], {**inputs, **weights}["Filter"][0][2:]
    keep: dict[str, Attribute] = {
        name: attributes[name] for name in ("strides", "dilations", "groups")
    }
    given, strides = attributes["paddings"], attributes["strides"]
    assert isinstance(given, tuple)  # noqa: S101 - their defaults say so
    assert isinstance(strides, tuple)  # noqa: S101
    algorithm = str(attributes["padding_algorithm"])
    keep["paddings"] = window_sides(
        algorithm, [int(side) for side in given], shape[2:], kernel, [int(step) for step in strides]
    )
    if algorithm == "SAME":
        keep["dilations"] = (1, 1)  # Paddle and Paddle-Lite forget them then
    return Attributes({**keep, **_activation(attributes)})


def _activation(attributes: Attributes) -> dict[str, Attribute]:
    """The attributes of the activation, if there is one, with only its own parameters."""
    kind = str(attributes["act_type"]) if attributes["with_act"] else ""
    if not kind and attributes["fuse_relu"]:
        kind = "relu"
    if not kind:
        return {}
    own = {name: attributes[name] for name in _OF_ACTIVATION.get(kind, ())}
    return {"act_type": kind, "with_act": True, **own}


def _filter(spec: OpSpec) -> Shape:
    """Shape of the filter, which is mostly a weight but may be computed."""
    return {**spec.inputs, **spec.weights}["Filter"][0]


def _macs(spec: OpSpec) -> int:
    """Filter size (already divided by the groups) times the places it is applied at."""
    n, _, *places = spec.output_shape
    return math.prod((n, *places, *_filter(spec)))


def _paddleslim1_flops(spec: OpSpec, *, whole_numbers: bool) -> float:
    """``2 H W C_out (k_h k_w (C_in / groups) / groups + bias)``, for one image."""
    c_out, c_in_per_group, k_h, k_w = _filter(spec)
    _, _, height, width = spec.output_shape
    groups = spec.attributes["groups"]
    assert isinstance(groups, int)  # noqa: S101 - its default says so
    divided = c_in_per_group // groups if whole_numbers else c_in_per_group / groups
    return 2 * height * width * c_out * (k_h * k_w * divided + ("Bias" in spec.weights))


def _channels(node: Node, flow: ChannelFlow) -> None:
    """Input channels are the filters' second axis, output channels are the filters."""
    name = tensor_in(node, "Filter")
    if not flow.is_weight(name):
        keep_all(node, flow)
        return
    image = flow.axes(tensor_in(node, "Input"))[1]
    filters = flow.output_channels(name, 0)
    if _groups(node.spec) == 1:
        flow.tie(image, flow.axis(name, 1))
    else:
        _tie_groups(node, flow, image, filters)
    _finish(node, flow, filters)


def _transposed_channels(node: Node, flow: ChannelFlow) -> None:
    """As `_channels`, but the filters' first axis is read and the second written."""
    name = tensor_in(node, "Filter")
    if not flow.is_weight(name) or _groups(node.spec) > 1:
        keep_all(node, flow)
        if flow.is_weight(name):
            flow.fix(flow.output_channels(name, 1), "a transposed convolution of several groups")
        return
    image = flow.axes(tensor_in(node, "Input"))[1]
    flow.tie(image, flow.axis(name, 0))
    _finish(node, flow, flow.output_channels(name, 1))


def _groups(spec: OpSpec) -> int:
    groups = spec.attributes["groups"]
    assert isinstance(groups, int)  # noqa: S101 - its default says so
    return groups


def _finish(node: Node, flow: ChannelFlow, filters: Labels) -> None:
    for bias in node.weights.get("Bias", ()):
        flow.tie(filters, flow.axis(bias, 0))
    batch, _, *places = flow.axes(tensor_in(node, "Input"))
    for labels in places:
        flow.fix(labels, f"{node.spec.kind} runs over it")
    flow.set_axes(main_output(node), (batch, filters, None, None))


def _tie_groups(node: Node, flow: ChannelFlow, image: Labels | None, filters: Labels) -> None:
    """Filters of several groups: all groups must keep as many channels, in and out.

    With few, large groups the same positions of each group go; with many small ones whole
    groups. Of a depthwise convolution these are the same thing.
    """
    groups, kind = _groups(node.spec), node.spec.kind
    if image is None:
        flow.fix(filters, f"{kind} of several groups reads channels that cannot go")
        return
    reads, writes = image.reshape(groups, -1), filters.reshape(groups, -1)
    if min(reads.shape[1], writes.shape[1]) < groups:
        unit = "each channel" if reads.shape[1] == 1 else "each small group"
        why = f"{kind} filters {unit} by itself"
        for column in (*reads.T[1:], *writes.T):
            flow.tie(reads[:, 0], column, why)
        return
    for table in (reads, writes):
        for row in table[1:]:
            flow.tie(table[0], row, f"{kind} wants as many of each group")
    flow.tie(reads[0], flow.axis(tensor_in(node, "Filter"), 1))


def _new_groups(change: Resizing) -> Mapping[str, Attribute]:
    """The number of groups: channels of the input over those that one filter reads."""
    groups = change.new.inputs["Input"][0][1] // _filter(change.new)[1]
    return {} if groups == _groups(change.old) else {"groups": groups}


def _transposed_attributes(attributes: Attributes, _inputs: Shapes, _weights: Shapes) -> Attributes:
    """Only the activation's own parameters; paddings as given, since they decide the size."""
    window = ("strides", "paddings", "dilations", "groups", "padding_algorithm")
    keep = {name: attributes[name] for name in (*window, "output_padding", "output_size")}
    return Attributes({**keep, **_activation(attributes)})


def _transposed_macs(spec: OpSpec) -> int:
    """Filter size times the places of the input."""
    n, _, *places = spec.input_shape
    return n * math.prod(places) * math.prod(_filter(spec))


KINDS = (
    *(
        OperatorKind(
            kind=kind,
            slots=("Input", "Filter", "Bias"),
            outputs=("Output",),
            attributes=_ATTRIBUTES,
            normal_form=_explicit_paddings,
            macs=_macs,
            paddleslim1_flops=_paddleslim1_flops,
            channels=_channels,
            changed_attributes=_new_groups,
        )
        for kind in ("conv2d", "depthwise_conv2d")
    ),
    OperatorKind(
        kind="conv2d_transpose",
        slots=("Input", "Filter", "Bias"),
        outputs=("Output",),
        attributes={**_ATTRIBUTES, "output_padding": (), "output_size": ()},
        normal_form=_transposed_attributes,
        macs=_transposed_macs,
        channels=_transposed_channels,
    ),
)
