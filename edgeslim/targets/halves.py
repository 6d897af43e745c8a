"""Half precision (fp16), for which only Arm has kernels.

Some of these kernels are wrong where those for fp32 are right, and their operators stay in fp32.
Others are right and get wrong inputs: the optimizer marks the weights that the runtime converts to
halves by the operators that read them, and some of its fusions hide those operators; and kernels
for numbers of any width have no version for halves.
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
    "KINDS_WITH_HALF_WEIGHTS",
    "LARGEST_HALF",
    "LAWS",
    "LONG_CASTS",
    "SCALED_CONVOLUTIONS",
    "UNBIASED_TRANSPOSED",
    "WITHOUT_HALVES",
    "float_slots",
]

_HALVES = frozenset({Precision.FP16})
_ARMV8 = frozenset({Kernels.ARMV8})
_POOLS = "lite/kernels/arm/pool_compute.cc, lite/backends/arm/math/fp16/pooling_fp16.cc"
_MARKING = "lite/core/optimizer/mir/fp16_attribute_pass.cc"

KINDS_WITH_HALF_WEIGHTS = frozenset(
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
"""Kinds of operators whose weights the optimizer marks, whatever kernel they get later."""

_ALWAYS_FLOAT = {"clip", "elementwise_max", "elementwise_min"}
"""Kinds without fp16 kernels."""

_FUSED_WITH_SCALES = {
    "batch_norm",
    "conv2d",
    "depthwise_conv2d",
    "elementwise_add",
    "hard_swish",
    "leaky_relu",
    "relu",
    "relu6",
}
"""Convolutions, and the kinds that are already fused with them when `opt` looks for scales."""

_CASTS_OF_HALVES = {2, 5}
"""The types that halves can be cast to, int32 and float32, by Paddle's numbers."""

LARGEST_HALF = 65504.0
_LEAST_HALF = 2.0**-24

_LEAST_COLUMNS = 16
_AT_ONCE = 8


def _is_read_twice(operator: Operator) -> bool:
    pool = fixed_pool_of(operator)
    return (
        pool is not None
        and pool.is_max
        and pool.windows == pool.strides == (2, 2)
        and {*pool.before, *pool.after} == {0}
        and pool.extents[0] > pool.windows[0]
        and pool.extents[1] > _LEAST_COLUMNS
        and pool.output[1] > _AT_ONCE
    )


def _is_cut(operator: Operator) -> bool:
    pool = fixed_pool_of(operator)
    return (
        pool is not None
        and pool.is_max
        and pool.windows[0] == pool.windows[1]
        and not _is_three_by_two(pool)
        and any(
            needed > padded for needed, padded in zip(pool.needed_after, pool.after, strict=True)
        )
    )


def _is_three_by_two(pool: Pool) -> bool:
    """Whether the kernel for windows of 3x3 with strides of 2 computes it, which checks bounds."""
    return (
        pool.windows == (3, 3)
        and pool.strides == (2, 2)
        and {*pool.before, *pool.after} in ({0}, {1})
        and min(pool.extents) > 3
    )


def _counts_otherwise(operator: Operator) -> bool:
    return counts_padding_otherwise(
        operator, lambda pool, axis: pool.general_kernel_counts(axis, pool.after[axis])
    )


def _is_of_squares(operator: Operator) -> bool:
    pool = pool_of(operator)
    return (
        pool is not None
        and pool.is_adaptive
        and pool.is_max
        and not pool.is_global
        and pool.windows[0] == pool.windows[1]
    )


def _has_odd_rows(operator: Operator) -> bool:
    pool = pool_of(operator)
    if pool is None or not pool.is_adaptive or pool.is_max or pool.is_global:
        return False
    (rows, columns), (down, across) = pool.extents, pool.output
    fits = rows % down == 0 and columns % across == 0
    return fits and rows // down % 2 == 1 and columns // across % 4 == 0


def _is_behind_a_convolution(operator: Operator) -> bool:
    return bool(_FUSED_WITH_SCALES.intersection(operator.makers.get("X", ())))


_FLOATS_OF = {
    "cast": ("X",),
    "expand": ("X",),
    "gather_nd": ("X",),
    "increment": ("X",),
    "set_value": ("ValueTensor",),
    "where": ("X", "Y"),
    "where_index": ("Condition",),
}
"""Slots of operators whose kernels take numbers of any width but halves."""


def float_slots(operator: Operator) -> tuple[str, ...]:
    """Slots of an operator that need 32-bit floats and may be given halves."""
    return tuple(
        slot
        for slot in _FLOATS_OF.get(operator.kind, ())
        if operator.types.get(slot) == "float32"
        and set(operator.makers.get(slot, ())) - _ALWAYS_FLOAT
    )


def _may_read_halves(operator: Operator) -> bool:
    return bool(float_slots(operator))


def _is_cast_to_what_halves_are_not(operator: Operator) -> bool:
    return _may_read_halves(operator) and operator.attribute("out_dtype", 5) not in _CASTS_OF_HALVES


def _is_beyond_halves(operator: Operator) -> bool:
    factor, offset = (float(operator.attribute(name, 0.0)) for name in ("scale", "bias"))
    if not operator.attribute("bias_after_scale", True):
        offset *= factor
    vanishes = 0.0 < abs(factor) < _LEAST_HALF
    return operator.element_type == "float32" and (
        vanishes or max(abs(factor), abs(offset)) > LARGEST_HALF
    )


LARGEST_OF_FOUR = Law(
    name="largest-of-four",
    operators=("pool2d",),
    condition="max pooling over windows of 2x2 with strides of 2, without padding, of more than 16 "
    "columns",
    meets=_is_read_twice,
    happens="of each sixteen columns of the lower row the first eight are read twice, and the "
    "others never",
    kernels=_ARMV8,
    precisions=_HALVES,
    answer=Answer.FP32,
    source=f"{_POOLS} (P2x2S2P0_MAX)",
)

CUT_WINDOWS = Law(
    name="cut-windows",
    operators=("pool2d",),
    condition="max pooling over square windows of which the last reach beyond the padding, except "
    "windows of 3x3 with strides of 2",
    meets=_is_cut,
    happens="elements of the next row or channel are read",
    precisions=_HALVES,
    answer=Answer.FP32,
    source=f"{_POOLS} (pooling_common_max_fp16)",
)

COUNTED_BEHIND = Law(
    name="counted-behind",
    operators=("pool2d",),
    condition="average pooling that counts the padding, where it differs between opposite sides",
    meets=_counts_otherwise,
    happens="sums are divided by another number of elements than in fp32",
    precisions=_HALVES,
    answer=Answer.FP32,
    source=f"{_POOLS} (pooling_basic_fp16)",
)

SQUARE_MAXIMA = Law(
    name="square-maxima",
    operators=("pool2d",),
    condition="adaptive max pooling to as many rows as columns",
    meets=_is_of_squares,
    happens="the output size is taken for the size of a fixed window",
    precisions=_HALVES,
    answer=Answer.FP32,
    source=f"{_POOLS} (pooling_common_max_fp16)",
)

ODD_ROWS = Law(
    name="odd-rows",
    operators=("pool2d",),
    condition="adaptive average pooling over windows with an odd number of rows and a multiple of "
    "four columns",
    meets=_has_odd_rows,
    happens="one row too many is added",
    precisions=_HALVES,
    answer=Answer.FP32,
    source=f"{_POOLS} (pooling_avg_fp16_adaptive_exclusive_p0)",
)

SCALED_CONVOLUTIONS = Law(
    name="scaled-convolutions",
    operators=("scale",),
    condition="behind a convolution with nothing but a norm, bias or activation between them",
    meets=_is_behind_a_convolution,
    happens="it is fused into the convolution, whose bias stays fp32 and is read as halves",
    kernels=ARM,
    precisions=_HALVES,
    rewrite="halves",
    form="kept apart from the convolution before it",
    source=f"lite/core/optimizer/mir/fusion/conv_scale_fuser.cc, {_MARKING}",
)

CONSTANTS_IN_ACTIVATED_SUMS = Law(
    name="constants-in-activated-sums",
    operators=("relu",),
    condition="behind a sum, difference or product with a constant",
    meets=None,
    happens="both become one operator, whose constant is read as halves but not converted to them",
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
    happens="the constant is converted to halves for one, and the other reads it as fp32",
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
    happens="the activation is applied to products before they are summed",
    precisions=_HALVES,
    rewrite="halves",
    form="kept apart from the transposed convolution before it",
    source="lite/kernels/arm/conv_transpose_compute.cc",
)

WITHOUT_HALVES = Law(
    name="without-halves",
    operators=tuple(kind for kind in _FLOATS_OF if kind != "cast"),
    condition="of computed floats",
    meets=_may_read_halves,
    happens="its kernel takes numbers of any width but halves, and ends the program",
    precisions=_HALVES,
    rewrite="halves",
    form="with a cast of its input to fp32",
    source="lite/kernels/host/where_compute.cc and others of any precision",
)

LONG_CASTS = Law(
    name="long-casts",
    operators=("cast",),
    condition="of floats to anything but int32 and float32",
    meets=_is_cast_to_what_halves_are_not,
    happens="its kernel ends the program if they are halves",
    precisions=_HALVES,
    rewrite="halves",
    form="with a cast of its input to fp32",
    source="lite/kernels/host/cast_compute.cc",
)

FACTORS_BEYOND_HALVES = Law(
    name="factors-beyond-halves",
    operators=("scale",),
    condition="by a factor above 65504 or below 6e-8, or with an offset above 65504",
    meets=_is_beyond_halves,
    happens="the factor or offset becomes infinite, or the factor 0",
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
    form="in fp32",
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
