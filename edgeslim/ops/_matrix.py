"""What matrix products share."""

from __future__ import annotations

import math

from edgeslim.opspec import OpSpec

__all__ = ["macs_of_product"]


def macs_of_product(spec: OpSpec, *, weight: str) -> int:
    """Elements of the result times the length of the sums.

    A product of two activations has no ``weight`` slot; its first input's last axis is
    summed over.
    """
    if weight in spec.weights:
        rows, columns = spec.weights[weight][0][-2:]
        return math.prod(spec.output_shape[:-1]) * rows * columns
    return math.prod(spec.output_shape) * spec.input_shape[-1]
