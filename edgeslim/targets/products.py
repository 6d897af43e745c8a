"""Matrix products."""

from __future__ import annotations

from math import prod

import numpy as np

from edgeslim.opspec import Shape
from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator
from edgeslim.targets.quantized import ROUNDS_WEIGHTS

__all__ = ["LAWS", "ROWS_BY_COMPUTED", "UNEQUAL_STACKS", "VECTORS"]

_ROUNDED = {(kind,) for kind in ROUNDS_WEIGHTS}
"""The makers of weights in a quantized network, each alone."""


def _shapes(operator: Operator) -> tuple[Shape, Shape]:
    return operator.shape("X"), operator.shape("Y")


def _is_closed(*shapes: Shape) -> bool:
    return all(min(shape, default=0) > 0 for shape in shapes)


def _has_unequal_stacks(operator: Operator) -> bool:
    """Whether matrices of one batch are broadcast to those of the other."""
    x, y = _shapes(operator)
    if min(len(x), len(y)) < 3 or not _is_closed(x, y):
        return False
    stack = np.broadcast_shapes(x[:-2], y[:-2])
    return not prod(x[:-2]) == prod(y[:-2]) == prod(stack)


def _is_vector_lost(operator: Operator) -> bool:
    """Whether the kernels have no product for the vector."""
    x, y = _shapes(operator)
    if not _is_closed(x, y) or min(len(x), len(y)) != 1:
        return False
    turned_x, turned_y = (bool(operator.attribute(name, False)) for name in ("trans_x", "trans_y"))
    if len(y) > 1:
        return True
    return turned_x and len(x) > 2 if len(x) > 1 else turned_x or turned_y


def _is_row_by_computed_matrix(operator: Operator) -> bool:
    """Whether one row is multiplied by a computed matrix, and a sum follows."""
    is_parameter = "Y" in operator.constants or operator.makers.get("Y", ())[:1] in _ROUNDED
    return (
        not is_parameter
        and len(operator.shape("Y")) == 2
        and prod(operator.shape("X")[:-1]) == 1
        and "elementwise_add" in operator.readers
    )


UNEQUAL_STACKS = Law(
    name="unequal-stacks",
    operators=("matmul", "matmul_v2"),
    condition="of two batches of matrices, of which one is broadcast to the other",
    meets=_has_unequal_stacks,
    happens="the process ends if the batches have different sizes, and wrong matrices are "
    "multiplied if they have the same",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="equal-stacks",
    form="of as many matrices on both sides, or of one matrix without a batch",
    source="lite/kernels/arm/matmul_v2_compute.cc, lite/kernels/x86/matmul_v2_compute.h",
)

VECTORS = Law(
    name="vectors",
    operators=("matmul_v2",),
    condition="a vector by a matrix or a batch of them, or transposed",
    meets=_is_vector_lost,
    happens="the sum is over the wrong axis, or opt makes it a fully connected layer, which ends "
    "the run",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="equal-stacks",
    form="of a matrix of one row or column",
    source="lite/kernels/arm/matmul_v2_compute.cc, lite/kernels/arm/fc_compute.cc",
)

ROWS_BY_COMPUTED = Law(
    name="rows-by-computed-matrices",
    operators=("matmul", "matmul_v2", "mul"),
    condition="one row by a matrix that is no parameter, with a bias added to the product",
    meets=_is_row_by_computed_matrix,
    happens="opt makes it a fully connected layer, which reads weights that are not yet computed",
    precisions=EVERY_PRECISION,
    rewrite="rows-by-computed",
    form="kept apart from the bias behind it",
    source="lite/core/optimizer/mir/fusion/fc_fuser.cc, lite/kernels/arm/fc_compute.cc",
)

LAWS = (UNEQUAL_STACKS, VECTORS, ROWS_BY_COMPUTED)
