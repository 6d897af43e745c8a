"""The table of operators, a file for each family: what Paddle 3's are called in old programs."""

from __future__ import annotations

from edgeslim.paddle_io.pir.operators import (
    activations,
    algebra,
    arithmetic,
    comparisons,
    convolutions,
    detection,
    indexing,
    losses,
    normalization,
    pooling,
    quantization,
    recurrent,
    reductions,
    resizing,
    shapes,
)
from edgeslim.paddle_io.pir.rows import Row

__all__ = ["OPERATORS", "row_of"]

OPERATORS: dict[str, Row] = {
    name: row
    for family in (
        activations,
        algebra,
        arithmetic,
        comparisons,
        convolutions,
        detection,
        indexing,
        losses,
        normalization,
        pooling,
        quantization,
        recurrent,
        reductions,
        resizing,
        shapes,
    )
    for name, row in family.ROWS.items()
}
"""By the name within Paddle's dialect."""


def row_of(name: str) -> Row | None:
    """The row of an operator; one that works in place (``relu_``) has that of the other."""
    return OPERATORS.get(name) or OPERATORS.get(name.removesuffix("_"))
