"""What an operator of a network is called in a table: itself, or what its convention keeps."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from edgeslim.latency_rows import Convention
from edgeslim.opspec import Attribute, Attributes, OpSpec, Shapes

__all__ = ["table_key"]

_CONVOLUTIONS = {"conv2d", "depthwise_conv2d"}
_OF_A_BARE_CONVOLUTION = {"strides", "paddings", "dilations", "groups"}


def table_key(spec: OpSpec, convention: Convention) -> OpSpec | None:
    """The operator by which a table of a convention has this one.

    Args:
        spec: An operator as the optimizer left it.
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
    if spec.kind == "fc":
        said = {**spec.attributes, "activation_type": "", "op_type": "matmul_v2"}
        return _without_bias(spec, said)
    return spec


def _without_bias(spec: OpSpec, attributes: Mapping[str, Attribute]) -> OpSpec:
    weights = {slot: shapes for slot, shapes in spec.weights.items() if slot != "Bias"}
    return msgspec.structs.replace(spec, weights=Shapes(weights), attributes=Attributes(attributes))
