"""What changes where kernels of 16-bit floats are taken, all of them Arm's.

Some of those kernels are wrong where that of 32 bits is right, and stay in fp32. Others are right
and given something wrong: the optimizer marks weights of which the runtime is to make halves by
the operators that it finds reading them, and some of its mergings hide those; and kernels for
numbers of any width have none for halves.
"""

from __future__ import annotations

from edgeslim.execution import Precision
from edgeslim.targets._law import ARM, Answer, Kernels, Law, Operator
from edgeslim.targets.pools import Pool, counts_padding_otherwise, fixed_pool_of, pool_of

__all__ = [
    "CONSTANTS_BEYOND_HALVES",
    "CONSTANTS_IN_ACTIVATED_SUMS",
    "CONSTANTS_OF_BOTH_WIDTHS",
    "COUNTED_BEHIND",
    "CUT_WINDOWS",
    "FACTORS_BEYOND_HALVES",
    "LARGEST_HALF",
    "LAWS",
    "LONG_CASTS",
    "MADE_HALVES",
    "SCALED_CONVOLUTIONS",
    "UNBIASED_TRANSPOSED",
    "WITHOUT_HALVES",
    "float_slots",
]

_HALVES = frozenset({Precision.FP16})
_ARMV8 = frozenset({Kernels.ARMV8})
_POOLS = "lite/kernels/arm/pool_compute.cc, lite/backends/arm/math/fp16/pooling_fp16.cc"
_MARKING = "lite/core/optimizer/mir/fp16_attribute_pass.cc"

MADE_HALVES = frozenset(
    {
        "conv2d",
        "conv2d_transpose",
        "depthwise_conv2d",
        "elementwise_add",
        "elementwise_div",
        "elementwise_mul",
        "elementwise_sub",
        "fc",
        "gru",
        "matmul",
        "matmul_v2",
        "mul",
        "prelu",
        "sequence_conv",
    }
)
"""Kinds of operators whose weights the optimizer marks, whatever kernel they have in the end."""

_ALWAYS_FLOAT = {"clip", "elementwise_max", "elementwise_min"}
"""Some that have no kernels of 16-bit floats."""

_TAKING_SCALES = {
    "batch_norm",
    "conv2d",
    "depthwise_conv2d",
    "elementwise_add",
    "hard_swish",
    "leaky_relu",
    "relu",
    "relu6",
}
"""Convolutions, and what they have taken in when scales are looked for behind them."""

_CAST_FROM_HALVES = {2, 5}
"""Paddle's numbers of int32 and float32."""

LARGEST_HALF = 65504.0
_LEAST_HALF = 2.0**-24

_LEAST_COLUMNS = 16
_AT_ONCE = 8


def _is_read_twice(operator: Operator) -> bool:
    pool = fixed_pool_of(operator)
    return (
        pool is not None
        and pool.largest
        and pool.windows == pool.steps == (2, 2)
        and {*pool.before, *pool.behind} == {0}
        and pool.extents[0] > pool.windows[0]
        and pool.extents[1] > _LEAST_COLUMNS
        and pool.made[1] > _AT_ONCE
    )


def _is_cut(operator: Operator) -> bool:
    pool = fixed_pool_of(operator)
    return (
        pool is not None
        and pool.largest
        and pool.windows[0] == pool.windows[1]
        and not _is_three_by_two(pool)
        and any(needed > given for needed, given in zip(pool.needed, pool.behind, strict=True))
    )


def _is_three_by_two(pool: Pool) -> bool:
    """Whether the kernel for windows of 3x3 two steps apart takes it, which looks at bounds."""
    return (
        pool.windows == (3, 3)
        and pool.steps == (2, 2)
        and {*pool.before, *pool.behind} in ({0}, {1})
        and min(pool.extents) > 3
    )


def _counts_otherwise(operator: Operator) -> bool:
    return counts_padding_otherwise(
        operator, lambda pool, axis: pool.counted_generally(axis, pool.behind[axis])
    )


def _is_of_squares(operator: Operator) -> bool:
    pool = pool_of(operator)
    return (
        pool is not None
        and pool.adaptive
        and pool.largest
        and not pool.over_all
        and pool.windows[0] == pool.windows[1]
    )


def _has_odd_rows(operator: Operator) -> bool:
    pool = pool_of(operator)
    if pool is None or not pool.adaptive or pool.largest or pool.over_all:
        return False
    (rows, columns), (down, across) = pool.extents, pool.made
    fits = rows % down == 0 and columns % across == 0
    return fits and rows // down % 2 == 1 and columns // across % 4 == 0


def _is_behind_a_convolution(operator: Operator) -> bool:
    return bool(_TAKING_SCALES.intersection(operator.makers.get("X", ())))


_FLOATS_OF = {
    "cast": ("X",),
    "expand": ("X",),
    "gather_nd": ("X",),
    "increment": ("X",),
    "set_value": ("ValueTensor",),
    "where": ("X", "Y"),
    "where_index": ("Condition",),
}
"""Slots of operators whose kernels take numbers of any width, and have none for halves."""


def float_slots(operator: Operator) -> tuple[str, ...]:
    """Slots of an operator that must be given floats of 32 bits, and may be given others."""
    return tuple(
        slot
        for slot in _FLOATS_OF.get(operator.kind, ())
        if operator.types.get(slot) == "float32"
        and set(operator.makers.get(slot, ())) - _ALWAYS_FLOAT
    )


def _may_read_halves(operator: Operator) -> bool:
    return bool(float_slots(operator))


def _is_cast_to_what_halves_are_not(operator: Operator) -> bool:
    return _may_read_halves(operator) and operator.given("out_dtype", 5) not in _CAST_FROM_HALVES


def _is_beyond_halves(operator: Operator) -> bool:
    factor, offset = (float(operator.given(name, 0.0)) for name in ("scale", "bias"))
    if not operator.given("bias_after_scale", True):
        offset *= factor
    vanishes = 0.0 < abs(factor) < _LEAST_HALF
    return operator.element_type == "float32" and (
        vanishes or max(abs(factor), abs(offset)) > LARGEST_HALF
    )


LARGEST_OF_FOUR = Law(
    name="largest-of-four",
    operators=("pool2d",),
    condition="the largest elements of windows of 2x2 two steps apart, without padding, of more "
    "than 16 columns",
    meets=_is_read_twice,
    happens="of each sixteen columns of the lower row the first eight are read twice, and the "
    "others not at all",
    kernels=_ARMV8,
    precisions=_HALVES,
    answer=Answer.FP32,
    source=f"{_POOLS} (P2x2S2P0_MAX)",
)

CUT_WINDOWS = Law(
    name="cut-windows",
    operators=("pool2d",),
    condition="the largest elements of square windows of which the last reach behind the padding, "
    "but for windows of 3x3 two steps apart",
    meets=_is_cut,
    happens="elements of the next row or channel are looked at",
    precisions=_HALVES,
    answer=Answer.FP32,
    source=f"{_POOLS} (pooling_common_max_fp16)",
)

COUNTED_BEHIND = Law(
    name="counted-behind",
    operators=("pool2d",),
    condition="an average that counts the padding, where that behind is not that before",
    meets=_counts_otherwise,
    happens="another number of elements is divided by than in 32 bits",
    precisions=_HALVES,
    answer=Answer.FP32,
    source=f"{_POOLS} (pooling_basic_fp16)",
)

SQUARE_MAXIMA = Law(
    name="square-maxima",
    operators=("pool2d",),
    condition="the largest elements of as many rows of windows as columns, adaptive",
    meets=_is_of_squares,
    happens="their number is taken for the size of a fixed window",
    precisions=_HALVES,
    answer=Answer.FP32,
    source=f"{_POOLS} (pooling_common_max_fp16)",
)

ODD_ROWS = Law(
    name="odd-rows",
    operators=("pool2d",),
    condition="adaptive averages of windows with an odd number of rows and four columns or a "
    "multiple of them",
    meets=_has_odd_rows,
    happens="one row more is added",
    precisions=_HALVES,
    answer=Answer.FP32,
    source=f"{_POOLS} (pooling_avg_fp16_adaptive_exclusive_p0)",
)

SCALED_CONVOLUTIONS = Law(
    name="scaled-convolutions",
    operators=("scale",),
    condition="behind a convolution with nothing but a norm, bias or activation between them",
    meets=_is_behind_a_convolution,
    happens="the convolution takes it in, and its bias stays in 32 bits, which are read as halves",
    kernels=ARM,
    precisions=_HALVES,
    rewrite="halves",
    form="kept apart from the convolution before it",
    source=f"lite/core/optimizer/mir/fusion/conv_scale_fuser.cc, {_MARKING}",
)

CONSTANTS_IN_ACTIVATED_SUMS = Law(
    name="constants-in-activated-sums",
    operators=("relu",),
    condition="behind a sum, difference or product of which one part is a constant",
    meets=None,
    happens="both become one operator, of which no constant is made a half that is read as one",
    precisions=_HALVES,
    rewrite="halves",
    form="kept apart from the sum before it",
    source=_MARKING,
)

CONSTANTS_OF_BOTH_WIDTHS = Law(
    name="constants-of-both-widths",
    operators=(),
    condition="reading a constant that another operator reads in another width",
    meets=None,
    happens="it is made a half for one, and the other reads it as floats of 32 bits",
    precisions=_HALVES,
    rewrite="halves",
    form="with a constant of its own",
    source=_MARKING,
)

UNBIASED_TRANSPOSED = Law(
    name="unbiased-transposed",
    operators=("relu", "relu6", "leaky_relu"),
    condition="behind a transposed convolution without a bias",
    meets=None,
    happens="products are activated before those that meet in one place are added up",
    precisions=_HALVES,
    rewrite="halves",
    form="kept apart from the transposed convolution before it",
    source="lite/kernels/arm/conv_transpose_compute.cc",
)

WITHOUT_HALVES = Law(
    name="without-halves",
    operators=tuple(kind for kind in _FLOATS_OF if kind != "cast"),
    condition="given floats that are computed",
    meets=_may_read_halves,
    happens="its kernel takes numbers of any width, and ends the program where they are halves",
    precisions=_HALVES,
    rewrite="halves",
    form="of floats of 32 bits",
    source="lite/kernels/host/where_compute.cc and others of any precision",
)

LONG_CASTS = Law(
    name="long-casts",
    operators=("cast",),
    condition="of floats to anything but int32 and float32",
    meets=_is_cast_to_what_halves_are_not,
    happens="its kernel ends the program where they are halves",
    precisions=_HALVES,
    rewrite="halves",
    form="of floats of 32 bits",
    source="lite/kernels/host/cast_compute.cc",
)

FACTORS_BEYOND_HALVES = Law(
    name="factors-beyond-halves",
    operators=("scale",),
    condition="by a factor above 65504 or below 6e-8, or with an offset above 65504",
    meets=_is_beyond_halves,
    happens="the factor or offset becomes infinite, or the factor 0, whatever comes in",
    precisions=_HALVES,
    answer=Answer.FP32,
    source="lite/kernels/arm/scale_compute.cc",
)

CONSTANTS_BEYOND_HALVES = Law(
    name="constants-beyond-halves",
    operators=("elementwise_add", "elementwise_div", "elementwise_mul", "elementwise_sub"),
    condition="with a stored constant that has numbers above 65504",
    meets=None,
    happens="they become infinite",
    precisions=_HALVES,
    rewrite="halves",
    form="of floats of 32 bits",
    source=_MARKING,
)

LAWS = (
    FACTORS_BEYOND_HALVES,
    CONSTANTS_BEYOND_HALVES,
    LARGEST_OF_FOUR,
    CUT_WINDOWS,
    COUNTED_BEHIND,
    SQUARE_MAXIMA,
    ODD_ROWS,
    SCALED_CONVOLUTIONS,
    CONSTANTS_IN_ACTIVATED_SUMS,
    CONSTANTS_OF_BOTH_WIDTHS,
    UNBIASED_TRANSPOSED,
    WITHOUT_HALVES,
    LONG_CASTS,
)
