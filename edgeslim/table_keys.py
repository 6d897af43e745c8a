"""Keys of operators in a table: the operator itself, or what its convention keeps of it."""

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
"""Names with and without an activation, and the names without one."""

_ACTIVATIONS = {
    *("relu", "relu6", "leaky_relu", "sigmoid"),
    *("swish", "hard_swish", "hard_sigmoid"),
}
_OTHERS = {"prelu", "elu", "softmax"}
_PRODUCTS = {"fc": "W", "mul": "Y", "matmul_v2": "Y"}
"""Fully connected layers, and the slots of their weights."""

_SUMS = {"elementwise_add", "fusion_elementwise_add_activation"}
_GATES = {"hard_sigmoid", "sigmoid"}
"""Functions that other runtimes compute in the convolution before them."""

_VIEWS = {
    *("flatten_contiguous_range", "flatten2", "reshape2"),
    *("squeeze2", "unsqueeze2", "dropout", "assign"),
}


def table_key(spec: OpSpec, convention: Convention) -> OpSpec | None:
    """The key of an operator in a table of a convention.

    Args:
        spec: Operator, fused or before any fusion.
        convention: Convention of the table's operators.

    Returns:
        The key, or None for an operator that such tables leave out: all but convolutions in
        a table of bare convolutions; sums, gates and views where they are fused further.
    """
    if convention in {Convention.FUSED, Convention.FUSED_FURTHER}:
        within = spec.kind in _GATES or is_view(spec) or _is_sum_of_activations(spec)
        return None if within and convention is Convention.FUSED_FURTHER else spec
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


def _is_sum_of_activations(spec: OpSpec) -> bool:
    """Whether it adds two tensors of one shape, of which a runtime may have made neither."""
    return spec.kind in _SUMS and spec.inputs.get("X") == spec.inputs.get("Y")


def is_view(spec: OpSpec) -> bool:
    """Whether an operator only changes a shape, for which PaddleSlim 1.x had no operator."""
    return spec.kind in _VIEWS


def _without_bias(spec: OpSpec, attributes: Mapping[str, Attribute]) -> OpSpec:
    weights = {slot: shapes for slot, shapes in spec.weights.items() if slot != "Bias"}
    return msgspec.structs.replace(spec, weights=Shapes(weights), attributes=Attributes(attributes))


def _unfused_key(spec: OpSpec) -> OpSpec | None:
    """The key of an operator other than a convolution in a table of PaddleSlim 1.x.

    Reference: PaddlePaddle/models at 9aefcdc84, ``light_nas/get_ops_from_program.py``. Shapes
    have four extents, attributes of activations and norms are left out, a fully connected layer
    is a 1x1 convolution without its bias, and an average over a whole map is a global one. All
    other operators are not counted.
    """
    shape: Shape = (*spec.input_shape, 1, 1, 1)[:4]
    if spec.kind in _PRODUCTS:
        return _as_convolution(spec)
    if spec.kind in _ELEMENTWISE:
        return _with_defaults(_ELEMENTWISE[spec.kind], Shapes(X=(shape,), Y=(shape,)), shape)
    if spec.kind in _ACTIVATIONS:
        return _with_defaults(spec.kind, Shapes(X=(shape,)), shape)
    if spec.kind == "batch_norm":
        return _with_defaults("batch_norm", spec.inputs, spec.output_shape, weights=spec.weights)
    if spec.kind == "pool2d":
        return _pooling(spec)
    return spec if spec.kind in _OTHERS else None


def _with_defaults(
    kind: str, inputs: Shapes, out: Shape, *, weights: Shapes | None = None
) -> OpSpec:
    """An operator with the default attributes of its kind."""
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
    """A product with weights as convolution; None for one of two activations, not counted."""
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
    """The key of a pooling: a maximum is taken as an average, unless it counts the padding."""
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
