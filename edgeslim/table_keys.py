"""What an operator of a network is called in a table: itself, or what its convention keeps."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from edgeslim.latency_rows import Convention
from edgeslim.ops import known_kinds
from edgeslim.opspec import Attribute, Attributes, OpSpec, Shape, Shapes

__all__ = ["is_view", "table_key"]

_CONVOLUTIONS = {"conv2d", "depthwise_conv2d"}
_OF_A_BARE_CONVOLUTION = {"strides", "paddings", "dilations", "groups"}

_ELEMENTWISE = {
    f"{before}{kind}{behind}": kind
    for kind in ("elementwise_add", "elementwise_mul", "elementwise_max")
    for before, behind in (("", ""), ("fusion_", "_activation"))
}
"""With and without an activation, and what they are called without one."""

_ACTIVATIONS = {
    *("relu", "relu6", "leaky_relu", "sigmoid"),
    *("swish", "hard_swish", "hard_sigmoid"),
}
_OTHERS = {"prelu", "elu", "softmax"}
_PRODUCTS = {"fc": "W", "mul": "Y", "matmul_v2": "Y"}
"""Fully connected layers, and where their weights are."""

_VIEWS = {
    *("flatten_contiguous_range", "flatten2", "reshape2"),
    *("squeeze2", "unsqueeze2", "dropout", "assign"),
}


def table_key(spec: OpSpec, convention: Convention) -> OpSpec | None:
    """The operator by which a table of a convention has this one.

    Args:
        spec: An operator as the optimizer left it, or before any fusion.
        convention: Of the table.

    Returns:
        None for an operator that such tables leave out, because their makers did not count
        it: all but convolutions in one of bare convolutions.
    """
    if convention is Convention.FUSED:
        return spec
    if spec.kind in _CONVOLUTIONS:
        kept = {
            name: value for name, value in spec.attributes.items() if name in _OF_A_BARE_CONVOLUTION
        }
        return _without_bias(spec, kept)
    if convention is Convention.BARE_CONVOLUTIONS:
        return None
    if convention is Convention.UNFUSED:
        return _unfused_key(spec)
    if spec.kind == "fc":
        said = {**spec.attributes, "activation_type": "", "op_type": "matmul_v2"}
        return _without_bias(spec, said)
    return spec


def is_view(spec: OpSpec) -> bool:
    """Whether an operator only says a shape anew, for which PaddleSlim 1.x had no operator."""
    return spec.kind in _VIEWS


def _without_bias(spec: OpSpec, attributes: Mapping[str, Attribute]) -> OpSpec:
    weights = {slot: shapes for slot, shapes in spec.weights.items() if slot != "Bias"}
    return msgspec.structs.replace(spec, weights=Shapes(weights), attributes=Attributes(attributes))


def _unfused_key(spec: OpSpec) -> OpSpec | None:
    """As PaddleSlim 1.x calls it, of all but convolutions.

    Reference: PaddlePaddle/models at 9aefcdc84, ``light_nas/get_ops_from_program.py``. Shapes
    have four extents, attributes of activations and norms are not said, a fully connected layer
    is a 1x1 convolution without its bias, and an average over a whole map is a global one. All
    else was free.
    """
    shape: Shape = (*spec.input_shape, 1, 1, 1)[:4]
    if spec.kind in _PRODUCTS:
        return _as_convolution(spec)
    if spec.kind in _ELEMENTWISE:
        return _plain(_ELEMENTWISE[spec.kind], Shapes(X=(shape,), Y=(shape,)), shape)
    if spec.kind in _ACTIVATIONS:
        return _plain(spec.kind, Shapes(X=(shape,)), shape)
    if spec.kind == "batch_norm":
        return _plain("batch_norm", spec.inputs, spec.output_shape, weights=spec.weights)
    if spec.kind == "pool2d":
        return _pooling(spec)
    return spec if spec.kind in _OTHERS else None


def _plain(kind: str, inputs: Shapes, out: Shape, *, weights: Shapes | None = None) -> OpSpec:
    """An operator whose attributes are its defaults."""
    known = known_kinds()[kind]
    own = weights or Shapes()
    return OpSpec(
        kind=kind,
        inputs=inputs,
        weights=own,
        outputs=Shapes({known.outputs[0]: (out,)}),
        attributes=known.normal_form(Attributes(known.attributes), inputs, own),
    )


def _as_convolution(spec: OpSpec) -> OpSpec | None:
    """A product with weights; None for one of two activations, which was free."""
    weights = spec.weights.get(_PRODUCTS[spec.kind], ())
    if not weights or len(weights[0]) != 2:
        return None
    c_in, c_out = reversed(weights[0]) if spec.attributes.get("trans_y") else weights[0]
    n = spec.output_shape[0]
    return OpSpec(
        kind="conv2d",
        inputs=Shapes(Input=((n, c_in, 1, 1),)),
        weights=Shapes(Filter=((c_out, c_in, 1, 1),)),
        outputs=Shapes(Output=((n, c_out, 1, 1),)),
        attributes=Attributes(strides=(1, 1), paddings=(0, 0, 0, 0), dilations=(1, 1), groups=1),
    )


def _pooling(spec: OpSpec) -> OpSpec:
    """A maximum is an average in its numbers, unless it is said that it counts the padding."""
    attributes = dict(spec.attributes)
    if attributes["pooling_type"] == "max" and attributes.get("exclusive", True):
        attributes["pooling_type"] = "avg"
    paddings, places = attributes["paddings"], spec.input_shape[2:]
    unpadded = isinstance(paddings, tuple) and not any(paddings)
    if attributes["ksize"] == places and unpadded and not attributes.get("adaptive"):
        attributes["global_pooling"] = True
    known = known_kinds()["pool2d"]
    said = known.normal_form(
        Attributes({**known.attributes, **attributes}), spec.inputs, spec.weights
    )
    return msgspec.structs.replace(spec, attributes=said)
