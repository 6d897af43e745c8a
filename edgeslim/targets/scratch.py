"""Operators that need more memory inside a kernel than it has: of its scratch, or of the stack."""

from __future__ import annotations

import math

from edgeslim.execution import Precision
from edgeslim.targets._law import EVERY_PRECISION, Law, Operator
from edgeslim.targets.convolutions import dilations_of, is_quantized_convolution, sides_around
from edgeslim.targets.quantized import ROUNDS_ACTIVATIONS

__all__ = ["LAWS", "LONG_SUMS", "LONG_SUMS_INT8", "LONG_SUMS_OF_STEPS", "WIDE_ROWS", "longest_sum"]

_CACHE_BYTES = 2**18
"""The smallest cache of the processors that boards have."""
_COLUMNS_AT_ONCE = 12
_LONGEST = _CACHE_BYTES // (4 * _COLUMNS_AT_ONCE)
"""The most summands for which the columns that are computed at once fit into it."""
_LONGEST_INT8 = _CACHE_BYTES // 4 // 16 - 4
_LONGEST_DOT = _CACHE_BYTES // 4 // 8
"""The same for integers, for which kernels take a quarter of it: without and with dot products."""
_MOST_FLOATS = (2**31 - 1) // 4
"""What the number of bytes of scratch memory, which is an ``int``, can count."""
_WIDEST = 2**17
"""Half a megabyte of floats."""


def longest_sum(operator: Operator) -> int:
    """The most products that the kernels of a convolution or matrix product can add up."""
    if "Filter" not in operator.inputs:
        return _LONGEST
    places = max(1, math.prod(operator.result("Output")[2:]))
    return min(_LONGEST, _MOST_FLOATS // places)


def _adds_up_too_much(operator: Operator) -> bool:
    if operator.kind in {"conv2d", "deformable_conv"}:
        return _is_long_convolution(operator)
    if any(kind in ROUNDS_ACTIVATIONS for kind in operator.makers.get("X", ())):
        return False
    rows, summands, columns = _sizes(operator)
    if summands <= _LONGEST:
        return False
    if operator.kind == "mul":  # a fully connected layer, unless there is no bias
        return columns > 1 and (rows > 1 or "elementwise_add" not in operator.readers)
    return operator.attribute("alpha", 1.0) != 1.0 or min(rows, columns) > 1


def _is_long_convolution(operator: Operator) -> bool:
    filters, places = operator.shape("Filter"), math.prod(operator.result("Output")[2:])
    if len(filters) != 4 or places <= 1 or is_quantized_convolution(operator):
        return False
    groups, summands = int(operator.attribute("groups", 1)), math.prod(filters[1:])
    if operator.kind == "deformable_conv":
        return summands > _LONGEST
    is_by_winograd = (
        groups == 1
        and filters[2:] == (3, 3)
        and tuple(operator.attribute("strides", (1, 1))) == (1, 1)
        and set(dilations_of(operator)) == {1}
    )
    if is_by_winograd:
        return False
    return summands * places > _MOST_FLOATS or (summands > _LONGEST and filters[0] > groups)


def _adds_up_too_many_integers(operator: Operator) -> bool:
    if operator.kind not in ("conv2d", "depthwise_conv2d"):
        is_quantized = any(kind in ROUNDS_ACTIVATIONS for kind in operator.makers.get("X", ()))
        rows, summands, columns = _sizes(operator)
        return is_quantized and summands > _LONGEST_INT8 and min(rows, columns) > 1
    filters, places = operator.shape("Filter"), math.prod(operator.result("Output")[2:])
    groups = int(operator.attribute("groups", 1))
    if not is_quantized_convolution(operator) or places <= 1 or filters[0] <= groups:
        return False
    top, bottom, left, right = sides_around(operator)
    has_other_kernels = (
        groups == 1
        and filters[2:] == (3, 3)
        and tuple(operator.attribute("strides", (1, 1))) in {(1, 1), (2, 2)}
        and set(dilations_of(operator)) == {1}
        and (top, left) == (bottom, right)
    )
    return math.prod(filters[1:]) > (_LONGEST_DOT if has_other_kernels else _LONGEST_INT8)


def _sizes(operator: Operator) -> tuple[int, int, int]:
    """Rows, summands and columns of a matrix product; zeros for another one."""
    x, y = operator.shape("X"), operator.shape("Y")
    if operator.kind == "mul":
        split = int(operator.attribute("x_num_col_dims", 1))
        columns = y[int(operator.attribute("y_num_col_dims", 1)) :]
        return math.prod(x[:split]), math.prod(x[split:]), math.prod(columns)
    if min(len(x), len(y)) < 2:
        return 0, 0, 0
    turned_x, turned_y = (
        any(bool(operator.attribute(name, False)) for name in names)
        for names in (("trans_x", "transpose_X"), ("trans_y", "transpose_Y"))
    )
    rows, summands = (x[-1], x[-2]) if turned_x else (x[-2], x[-1])
    if len(y) == 2 and not turned_x:
        rows = math.prod(x[:-1])
    return rows, summands, y[-2] if turned_y else y[-1]


def _reads_too_much_at_a_step(operator: Operator) -> bool:
    weights = operator.inputs.get("WeightList", ())
    return max((shape[-1] for shape in weights if len(shape) == 2), default=0) > _LONGEST


def _is_wide_row(operator: Operator) -> bool:
    is_quantized = any(kind in ROUNDS_ACTIVATIONS for kind in operator.makers.get("X", ()))
    x, (_, _, columns) = operator.shape("X"), _sizes(operator)
    if is_quantized or columns < _WIDEST or operator.attribute("alpha", 1.0) != 1.0:
        return False
    is_turned = any(operator.attribute(name, False) for name in ("trans_x", "transpose_X"))
    return x[-1 if is_turned else -2] == 1


LONG_SUMS = Law(
    name="long-sums",
    operators=("conv2d", "deformable_conv", "matmul", "matmul_v2", "mul"),
    condition=f"each result is a sum of more than {_LONGEST:,} products, with several rows and "
    "columns of results; convolutions 3x3 with strides of 1, one group and no dilation excepted; "
    "or a convolution has 2 GB of such products or more",
    meets=_adds_up_too_much,
    happens="twelve columns at once are copied to a buffer of the cache's size (256 KB to 4 MB), "
    "and behind it into what is still to be read, or the run ends by a division by 0",
    precisions=EVERY_PRECISION,
    rewrite="long-sums",
    form="as sums of shorter ones",
    mend="use fewer channels or smaller filters",
    source="lite/backends/arm/math/packed_sgemm.h (X_BLOCK_COMPUTE)",
)

LONG_SUMS_OF_STEPS = Law(
    name="long-sums-of-steps",
    operators=("rnn",),
    condition=f"of more than {_LONGEST:,} features at a step, of its input or of a state",
    meets=_reads_too_much_at_a_step,
    happens="as with long-sums",
    precisions=EVERY_PRECISION,
    rewrite="written-out-rnn",
    form="step by step",
    mend="put a linear layer with fewer outputs before it",
    source="lite/kernels/arm/rnn_compute.cc, lite/backends/arm/math/packed_sgemm.h",
)

LONG_SUMS_INT8 = Law(
    name="int8-long-sums",
    operators=("conv2d", "depthwise_conv2d", "matmul", "matmul_v2", "mul"),
    condition=f"of quantized inputs, if each result is a sum of more than {_LONGEST_INT8:,} "
    "products, with several rows and columns of results; of convolutions 3x3 with one group, equal "
    f"strides of 1 or 2, no dilation and equal padding on opposite sides, more than "
    f"{_LONGEST_DOT:,}",
    meets=_adds_up_too_many_integers,
    happens="columns that do not fit into a quarter of the cache (of 256 KB to 4 MB) are taken "
    "none at a time, which never ends, or copied behind the buffer",
    precisions=frozenset({Precision.INT8}),
    rewrite="quantized",
    form="in floats",
    source="lite/backends/arm/math/gemm_prepacked_int8.cc (gemm_prepack_oth_int8: x_block)",
)

WIDE_ROWS = Law(
    name="wide-rows",
    operators=("matmul", "matmul_v2"),
    condition=f"one row by a matrix of {_WIDEST:,} columns or more",
    meets=_is_wide_row,
    happens="a float for each column is taken from the stack: where that is too small (8 MB of a "
    "program, 1 MB of a thread on Android) the program ends",
    precisions=EVERY_PRECISION,
    rewrite="wide-rows",
    form="as a matrix by one column",
    source="lite/backends/arm/math/sgemm.cc (bias_ptr)",
)

LAWS = (LONG_SUMS, LONG_SUMS_OF_STEPS, LONG_SUMS_INT8, WIDE_ROWS)
