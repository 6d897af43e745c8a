"""What matrix products share."""

from __future__ import annotations

import math

from edgeslim.opspec import OpSpec

__all__ = ["macs_of_product"]


def macs_of_product(spec: OpSpec, *, weight: str) -> int:
    """Elements of the result times the length of the sums.

    A product of two activations has no ``weight`` slot; the axis of its first input that
    meets the second one is summed over.
    """
    matrix = spec.weights.get(weight, ((),))[0]
    if len(matrix) >= 2:
        return math.prod(spec.output_shape[:-1]) * matrix[-2] * matrix[-1]
    first = {**spec.inputs, **spec.weights}["X"][0]
    turned = bool(spec.attributes.get("trans_x")) and len(first) >= 2
    return math.prod(spec.output_shape) * first[-2 if turned else -1]
