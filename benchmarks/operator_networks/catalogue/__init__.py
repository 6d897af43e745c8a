"""All operators that networks are drawn of, by name."""

from __future__ import annotations

from operator_networks.catalogue import (
    activations,
    convolutions,
    elementwise,
    indexing,
    layout,
    norms,
    pooling,
    products,
    recurrent,
    reductions,
    resampling,
    rounding,
)
from operator_networks.drawing import Operator

__all__ = ["FAMILIES", "OPERATORS"]

FAMILIES: dict[str, dict[str, Operator]] = {
    "Convolutions": convolutions.OPERATORS,
    "Pooling": pooling.OPERATORS,
    "Activations and functions of one value": activations.OPERATORS,
    "Functions that jump": rounding.OPERATORS,
    "Two values": elementwise.OPERATORS,
    "Sums and other reductions": reductions.OPERATORS,
    "Products of matrices": products.OPERATORS,
    "Softmax and norms": norms.OPERATORS,
    "Shapes and order": layout.OPERATORS,
    "Indices": indexing.OPERATORS,
    "Resizing and sampling": resampling.OPERATORS,
    "Recurrent layers and attention": recurrent.OPERATORS,
}
"""By family, as the page has them."""

OPERATORS: dict[str, Operator] = {
    name: operator for family in FAMILIES.values() for name, operator in family.items()
}
