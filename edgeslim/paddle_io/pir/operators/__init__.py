"""The table of operators, one file per family: what Paddle 3's are called in old programs."""

from __future__ import annotations

from collections.abc import Mapping

from edgeslim.paddle_io.pir.rows import Row
from edgeslim.registry import Shelf

__all__ = ["OPERATORS", "row_of"]

_FAMILIES: Shelf[Mapping[str, Row]] = Shelf(
    what="family of operators", package="edgeslim.paddle_io.pir.operators", attribute="ROWS"
)

OPERATORS: Mapping[str, Row] = {
    name: row for family in _FAMILIES.members().values() for name, row in family.items()
}
"""The row of each operator, by its name within Paddle's dialect."""


def row_of(name: str) -> Row | None:
    """The row of an operator; ``relu_``, which works in place, has that of ``relu``."""
    return OPERATORS.get(name) or OPERATORS.get(name.removesuffix("_"))
