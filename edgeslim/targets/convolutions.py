"""Convolutions that kernels compute wrongly."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator
from edgeslim.window_sides import window_sides

__all__ = ["LAWS", "NARROW_DEPTHWISE", "TRANSPOSED_DEPTHWISE", "dilations_of", "sides_around"]

_NARROW = 8


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


def _is_narrow_and_padded_behind(operator: Operator) -> bool:
    source, shape = operator.shape("Input"), operator.shape("Filter")
    if len(source) != 4 or shape[1:] != (1, 3, 3) or min(source[1:]) < 1:
        return False
    by_channel = int(operator.attribute("groups", 1)) == shape[0] == source[1]
    steps = tuple(operator.attribute("strides", (1, 1)))
    is_dilated = set(operator.attribute("dilations", (1, 1))) != {1}
    if not by_channel or steps != (2, 2) or is_dilated or source[3] > _NARROW:
        return False
    top, bottom, left, right = sides_around(operator)
    return top == left == 0 and max(bottom, right) == 1


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

LAWS = (TRANSPOSED_DEPTHWISE, NARROW_DEPTHWISE)
