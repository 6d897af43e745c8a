"""Convolutions that kernels compute wrongly."""

from __future__ import annotations

import math

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Kernels, Law, Operator
from edgeslim.targets.quantized import ROUNDS_ACTIVATIONS
from edgeslim.window_sides import window_sides

__all__ = [
    "FIVE_COLUMNS",
    "LAWS",
    "NARROW_DEPTHWISE",
    "ONE_CHANNEL_GROUPS",
    "ONE_CHANNEL_MAPS",
    "ROW_TOO_MANY",
    "TRANSPOSED_DEPTHWISE",
    "WIDE_DEPTHWISE",
    "WIDE_PADDING",
    "dilations_of",
    "is_quantized_convolution",
    "merged_groups",
    "sides_around",
]

_NARROW = 8
_FIVE = 5
_WIDE = 16
_STACK_BYTES = 2**19
"""Half of the smallest stack that is usual, that of a thread on Android."""
_FLOAT_BYTES, _QUANTIZED_BYTES = 4, 8
"""What a place of a map takes: its bias, and where inputs are quantized its scale as well."""
_MOST_MERGED = 7
"""The most groups that become one; each costs as many products again."""
_MOST_COLUMNS = 512
"""Where threads share a buffer of 256 KB, and each of four has 128 bytes for a column."""
_SCRATCH_BYTES = 2**31
"""Where the number of bytes of the scratch memory, which is an ``int``, ends."""
_ROWS_BELOW = 4
"""The most rows of padding below for which the kernel for 5x5 has a case."""


def _is_transposed_depthwise(operator: Operator) -> bool:
    """Whether the depthwise kernels would be chosen."""
    shape = operator.shape("Filter")
    if "Filter" not in operator.constants or len(shape) != 4:
        return False
    channels, depth, height, width = shape
    return (
        int(operator.attribute("groups", 1)) == channels
        and depth == 1
        and height == width
        and tuple(operator.attribute("strides", (1, 1))) in {(1, 1), (2, 2)}
        and set(operator.attribute("dilations", (1, 1))) <= {1}
    )


def sides_around(operator: Operator) -> tuple[int, ...]:
    """A convolution's padding before and after each axis: of an image, top, bottom, left, right."""
    extents = operator.shape("Input")[2:]
    return window_sides(
        str(operator.attribute("padding_algorithm", "EXPLICIT")),
        operator.attribute("paddings", (0,) * len(extents)),
        extents,
        operator.shape("Filter")[2:],
        operator.attribute("strides", (1,) * len(extents)),
    )


def dilations_of(operator: Operator) -> tuple[int, ...]:
    """A convolution's dilations, which Paddle resets to 1 where it computes the padding itself."""
    usual = (1,) * len(operator.shape("Input")[2:])
    if operator.attribute("padding_algorithm", "EXPLICIT") == "SAME":
        return usual
    return tuple(int(step) for step in operator.attribute("dilations", usual))


def _is_by_channel(operator: Operator, window: int, stride: int) -> bool:
    """Whether each channel has a square filter of its own, without dilation."""
    source, shape = operator.shape("Input"), operator.shape("Filter")
    if len(source) != 4 or shape[1:] != (1, window, window) or min(source[1:]) < 1:
        return False
    by_channel = int(operator.attribute("groups", 1)) == shape[0] == source[1]
    strides = tuple(operator.attribute("strides", (1, 1)))
    is_dilated = set(dilations_of(operator)) != {1}
    return by_channel and strides == (stride, stride) and not is_dilated


def _is_narrow_and_padded_behind(operator: Operator) -> bool:
    if not _is_by_channel(operator, 3, 2) or operator.shape("Input")[3] > _NARROW:
        return False
    top, bottom, left, right = sides_around(operator)
    return top == left == 0 and max(bottom, right) == 1


def _has_five_columns(operator: Operator) -> bool:
    if not _is_by_channel(operator, 3, 1) or operator.shape("Input")[3] != _FIVE:
        return False
    top, bottom, left, right = sides_around(operator)
    if top != left or max(bottom, right) > 1:
        return False
    return right == 0 if left == 1 else left == 0 and bottom == 1


def _writes_a_row_too_many(operator: Operator) -> bool:
    if not _is_by_channel(operator, 3, 1):
        return False
    height, width = operator.shape("Input")[2:]
    top, bottom, left, right = sides_around(operator)
    return top == left == 1 and bottom == 0 and right < 2 and height % 2 == 1 and width >= _FIVE


def is_quantized_convolution(operator: Operator) -> bool:
    """Whether its input was quantized."""
    return any(kind in ROUNDS_ACTIVATIONS for kind in operator.makers.get("Input", ()))


def _is_onto_large_maps(operator: Operator) -> bool:
    size = _QUANTIZED_BYTES if is_quantized_convolution(operator) else _FLOAT_BYTES
    return size * math.prod(operator.result("Output")[2:]) >= _STACK_BYTES


def _is_one_large_map(operator: Operator) -> bool:
    return operator.shape("Filter")[:1] == (1,) and _is_onto_large_maps(operator)


def _has_one_large_map_a_group(operator: Operator) -> bool:
    groups = int(operator.attribute("groups", 1))
    if groups < 2 or operator.shape("Filter")[:1] != (groups,):
        return False
    return _is_onto_large_maps(operator) and not _is_for_depthwise_kernels(operator)


def _is_for_depthwise_kernels(operator: Operator) -> bool:
    """Whether a kernel of its own computes it, which has no such array."""
    if not any(_is_by_channel(operator, window, step) for window in (3, 5) for step in (1, 2)):
        return False
    return not is_quantized_convolution(operator) or len(set(sides_around(operator))) == 1


def _is_wide_by_channel(operator: Operator) -> bool:
    columns = operator.result("Output")[-1:]
    if columns <= (_MOST_COLUMNS,):
        return False
    if not is_quantized_convolution(operator):
        return _is_by_channel(operator, 5, 1)
    if not _is_for_depthwise_kernels(operator):
        return False
    if _is_by_channel(operator, 3, 1):
        return columns > (2 * _MOST_COLUMNS,)
    return not (_is_by_channel(operator, 3, 2) and set(sides_around(operator)) == {1})


def merged_groups(operator: Operator) -> int | None:
    """How many groups of a convolution are merged to one; None if none can be without waste."""
    groups = int(operator.attribute("groups", 1))
    _, depth, *window = operator.shape("Filter")
    count = next((count for count in range(2, _MOST_MERGED + 1) if groups % count == 0), None)
    if count is None:
        return None
    places = math.prod(operator.result("Output")[2:])
    scratch = _FLOAT_BYTES * count * depth * math.prod(window) * places
    return count if scratch < _SCRATCH_BYTES else None


def _is_padded_wider_behind(operator: Operator) -> bool:
    if not _is_by_channel(operator, 5, 2) or operator.shape("Input")[3] <= _WIDE:
        return False
    top, bottom, left, right = sides_around(operator)
    return top == left == 2 and (right > left or bottom > _ROWS_BELOW)


NARROW_DEPTHWISE = Law(
    name="narrow-depthwise",
    operators=("conv2d", "depthwise_conv2d"),
    condition="3x3, with a filter for each channel and strides of 2, of at most eight columns, "
    "padded by one below or on the right only",
    meets=_is_narrow_and_padded_behind,
    happens="the padding is not 0: elements of other rows are read for it",
    rewrite="narrow-depthwise",
    form="with as much padding as the general kernel is taken for",
    source="lite/backends/arm/math/conv3x3s2p01_depthwise_fp32.cc (w_in > 8)",
)

FIVE_COLUMNS = Law(
    name="five-columns",
    operators=("conv2d", "depthwise_conv2d"),
    condition="3x3, with a filter for each channel and strides of 1, of five columns, padded by "
    "one below and not above and on the left, or by one above and on the left and not on the right",
    meets=_has_five_columns,
    happens="elements of the row before, or memory that nobody wrote, are read for the padding",
    rewrite="padded-depthwise",
    form="by filters with a column of zeros",
    source="lite/backends/arm/math/conv3x3s1p01_depthwise_fp32.cc, "
    "lite/backends/arm/math/conv3x3s1p01_depthwise_fp32_relu.cc",
)

_TAKES_STACK = (
    "a float for each place, or two, is taken from the stack: where that is too small (8 "
    "MB of a program, 1 MB of a thread on Android) the program ends"
)
_STACK_SOURCE = "lite/backends/arm/math/conv_impl.cc (conv1x1s1_gemm, conv_im2col_gemm: bias_ptr)"

ONE_CHANNEL_MAPS = Law(
    name="one-channel-maps",
    operators=("conv2d", "depthwise_conv2d"),
    condition=f"with one filter, onto a map of {_STACK_BYTES // _FLOAT_BYTES:,} places or more, of "
    f"quantized inputs {_STACK_BYTES // _QUANTIZED_BYTES:,}",
    meets=_is_one_large_map,
    happens=_TAKES_STACK,
    precisions=EVERY_PRECISION,
    rewrite="merged-groups",
    form="with its filter twice",
    source=_STACK_SOURCE,
)

ONE_CHANNEL_GROUPS = Law(
    name="one-channel-groups",
    operators=("conv2d", "depthwise_conv2d"),
    condition="with one filter for each of several groups, onto maps as large as those of "
    "one-channel-maps, unless it is 3x3 or 5x5 for single channels, with equal strides of 1 or 2 "
    "and no dilation, and of quantized inputs with equal padding on all sides",
    meets=_has_one_large_map_a_group,
    happens=_TAKES_STACK,
    precisions=EVERY_PRECISION,
    rewrite="merged-groups",
    form="with groups merged by zeros in its filters",
    mend="give it an even number of channels, or a smaller picture",
    source=_STACK_SOURCE,
)

WIDE_DEPTHWISE = Law(
    name="wide-depthwise",
    operators=("conv2d", "depthwise_conv2d"),
    condition="with a filter for each channel, onto more than 512 columns: 5x5 with strides of 1, "
    "and of quantized inputs also 5x5 with strides of 2, 3x3 with strides of 2 and padding of "
    "other than 1, and onto more than 1,024 columns 3x3 with strides of 1",
    meets=_is_wide_by_channel,
    happens="each thread takes rows for itself from a buffer of the cache's size, and writes "
    "behind it",
    precisions=EVERY_PRECISION,
    rewrite="merged-groups",
    form="with groups merged by zeros in its filters",
    mend="give it an even number of channels, or a narrower picture",
    source="lite/backends/arm/math/conv5x5s1_depthwise_fp32.cc (hout_r_block), "
    "lite/backends/arm/math/conv5x5s2_depthwise_int8.cc, conv3x3s1_depthwise_int8.cc",
)

ROW_TOO_MANY = Law(
    name="row-too-many",
    operators=("conv2d", "depthwise_conv2d"),
    condition="3x3, with a filter for each channel and strides of 1, of an odd number of rows and "
    "five or more columns, padded by one above and on the left and not below",
    meets=_writes_a_row_too_many,
    happens="without an activation, a row is written behind each channel, and behind the result",
    kernels=frozenset({Kernels.ARMV7}),
    rewrite="padded-depthwise",
    form="by filters with a column of zeros",
    source="lite/backends/arm/math/conv3x3s1p01_depthwise_fp32_relu.cc "
    "(conv_depthwise_3x3s1p1_bias_no_relu)",
)

WIDE_PADDING = Law(
    name="wide-padding",
    operators=("conv2d", "depthwise_conv2d"),
    condition="5x5, with a filter for each channel and strides of 2, of more than 16 columns, "
    "padded by two above and on the left, and by more on the right, or by more than four below",
    meets=_is_padded_wider_behind,
    happens="the last columns of the result are not written, or other rows are read for it",
    rewrite="padded-depthwise",
    form="by filters with a column of zeros",
    source="lite/backends/arm/math/conv5x5s2_depthwise_fp32.cc (right_mask_5x5s2p2_fp32)",
)

TRANSPOSED_DEPTHWISE = Law(
    name="transposed-depthwise",
    operators=("conv2d_transpose",),
    condition=("with a square filter for each channel, strides of 1 or 2 and no dilation"),
    meets=_is_transposed_depthwise,
    happens="the result depends on what ran before",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="transposed-depthwise",
    form="in its general form, by filters with a column of zeros",
    mend="give explicit paddings",
    source=(
        "lite/backends/x86/math/conv2d_transpose.cc, "
        "lite/backends/arm/math/conv_transpose_depthwise.cc"
    ),
)

LAWS = (
    TRANSPOSED_DEPTHWISE,
    NARROW_DEPTHWISE,
    FIVE_COLUMNS,
    ROW_TOO_MANY,
    WIDE_PADDING,
    ONE_CHANNEL_MAPS,
    ONE_CHANNEL_GROUPS,
    WIDE_DEPTHWISE,
)
