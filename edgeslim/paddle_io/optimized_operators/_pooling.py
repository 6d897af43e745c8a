"""Pooling."""

from __future__ import annotations

from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.optimized_operators._meaning import Meaning, Slots, attribute, only
from edgeslim.paddle_io.optimized_operators._plain import plain_operator

__all__ = ["pooling"]


def pooling(call: OperatorCall) -> Meaning:
    """``pool2d``; one that is global is so whatever else its description says."""
    if not attribute(call, "global_pooling"):
        return plain_operator(call)
    largest = attribute(call, "pooling_type") == "max"

    def compute(given: Slots) -> Slots:
        images = only(given, "X")
        axes = list(range(2, images.ndim))
        take = images.max if largest else images.mean
        return {"Out": (take(axes, keepdim=True),)}

    return compute
