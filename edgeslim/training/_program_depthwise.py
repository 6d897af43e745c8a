"""Depthwise convolutions of programs, computed in the way that Paddle trains faster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeslim.paddle_io.eager_functions import Compute, Slots
from edgeslim.paddle_io.eager_operators import EagerOperator
from edgeslim.training._depthwise import DepthwiseProduct, is_small

__all__ = ["compute_depthwise"]


def compute_depthwise(op: Any) -> Compute | None:  # noqa: ANN401 - an OpDesc
    """Function that computes a ``depthwise_conv2d``; None where a channel has several filters."""
    operator = EagerOperator(op)
    own = operator.attributes
    if own.get("data_format", "NCHW") not in {"NCHW", "AnyLayout"}:
        return None
    algorithm = own.get("padding_algorithm", "EXPLICIT")
    product = DepthwiseProduct(
        own.get("strides", [1, 1]),
        own.get("paddings", [0, 0]) if algorithm == "EXPLICIT" else algorithm,
        own.get("dilations", [1, 1]),
    )

    def compute(given: Slots, attributes: Mapping[str, Any], training: bool) -> Slots:
        images, weight = given["Input"][0], given["Filter"][0]
        if weight.shape[0] != images.shape[1] or not is_small(images):
            return operator(given, attributes, training=training)
        return {"Output": (product(images, weight),)}

    return compute
