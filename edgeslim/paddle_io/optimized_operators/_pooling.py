"""Pooling of images."""

from __future__ import annotations

from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.optimized_operators._meaning import Meaning, Slots, attribute, single
from edgeslim.paddle_io.optimized_operators._plain import plain_operator

__all__ = ["pooling"]


def pooling(call: OperatorCall) -> Meaning:
    """``pool2d``; if it is global, its other attributes are ignored."""
    if not attribute(call, "global_pooling"):
        return plain_operator(call)
    is_max = attribute(call, "pooling_type") == "max"

    def compute(given: Slots) -> Slots:
        images = single(given, "X")
        axes = list(range(2, images.ndim))
        reduce = images.max if is_max else images.mean
        return {"Out": (reduce(axes, keepdim=True),)}

    return compute
