"""Products of matrices."""

from __future__ import annotations

from math import prod

from edgeslim.targets._law import EVERY_PRECISION, Law, Operator
from edgeslim.targets.quantized import ROUNDS_WEIGHTS

__all__ = ["LAWS", "ROWS_BY_COMPUTED"]

_ROUNDED = {(kind,) for kind in ROUNDS_WEIGHTS}
"""What makes the parameters that operators of a quantized network read."""


def _is_row_by_computed_matrix(operator: Operator) -> bool:
    """Whether there is one row, the matrix is no parameter, and a sum is behind it."""
    is_parameter = "Y" in operator.constants or operator.makers.get("Y", ())[:1] in _ROUNDED
    return (
        not is_parameter
        and len(operator.shape("Y")) == 2
        and prod(operator.shape("X")[:-1]) == 1
        and "elementwise_add" in operator.readers
    )


ROWS_BY_COMPUTED = Law(
    name="rows-by-computed-matrices",
    operators=("matmul", "matmul_v2", "mul"),
    condition="one row by a matrix that is no parameter, behind which a bias is added",
    meets=_is_row_by_computed_matrix,
    happens="opt takes it for a fully connected layer, which reads its weights before they are "
    "computed",
    precisions=EVERY_PRECISION,
    rewrite="rows-by-computed",
    form="kept apart from the bias behind it",
    source="lite/core/optimizer/mir/fusion/fc_fuser.cc, lite/kernels/arm/fc_compute.cc",
)

LAWS = (ROWS_BY_COMPUTED,)
