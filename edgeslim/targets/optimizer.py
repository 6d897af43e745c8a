"""What passes of `opt` make of operators that stand behind each other."""

from __future__ import annotations

from edgeslim.targets._law import EVERYWHERE, Kernels, Law, Operator

__all__ = [
    "CONVOLUTION_PAIRS",
    "LAWS",
    "MAGNITUDES_BEHIND_SUMS",
    "SIDES_OF_PADDING",
    "SWISH_BEHIND_TRANSPOSED",
]

_X86 = frozenset({Kernels.X86})
_SUMS = {"elementwise_add", "elementwise_mul", "elementwise_sub"}
_FUSION = "lite/core/optimizer/mir/fusion"


def _is_behind_a_sum(operator: Operator) -> bool:
    return bool(_SUMS.intersection(operator.makers.get("X", ())))


def _is_freed_of_its_depth(operator: Operator) -> bool:
    sides = tuple(operator.given("paddings", ()))
    return "unsqueeze2" in operator.makers.get("X", ()) and sides[:2] != sides[2:4]


CONVOLUTION_PAIRS = Law(
    name="convolution-pairs",
    operators=("conv2d",),
    condition=(
        "behind a convolution with nothing but a norm or bias between them, unless both are 1x1, "
        "the first without groups, the second without strides, paddings and dilations, no weight "
        "is used twice, and the first is no second of such a pair"
    ),
    meets=None,
    happens="both become one, which is another function; or opt aborts",
    kernels=EVERYWHERE,
    rewrite="merge-barriers",
    form="kept apart from the convolution before it",
    source=f"{_FUSION}/conv_conv_fuser.cc",
)

SWISH_BEHIND_TRANSPOSED = Law(
    name="swish-behind-transposed",
    operators=("hard_swish",),
    condition="behind a transposed convolution with nothing but a norm or bias between them",
    meets=None,
    happens="the convolution takes it in, and knows no such activation",
    kernels=EVERYWHERE,
    rewrite="merge-barriers",
    form="kept apart from the transposed convolution before it",
    source=f"{_FUSION}/conv_activation_fuse_pass.cc",
)

MAGNITUDES_BEHIND_SUMS = Law(
    name="magnitudes-behind-sums",
    operators=("abs",),
    condition="of a sum, difference or product",
    meets=_is_behind_a_sum,
    happens="both become one operator, whose kernel knows no abs and ends the run",
    kernels=_X86,
    rewrite="merge-barriers",
    form="kept apart from what is before it",
    source=f"{_FUSION}/elementwise_add_activation_fuse_pass.cc",
)

SIDES_OF_PADDING = Law(
    name="sides-of-padding",
    operators=("pad3d",),
    condition="of a picture that was given a third axis for it, with unequal sides",
    meets=_is_freed_of_its_depth,
    happens="opt takes the axis away and mixes up the sides",
    kernels=EVERYWHERE,
    rewrite="merge-barriers",
    form="kept apart from the axis before it",
    source=f"{_FUSION}/unsqueeze2_pad3d_squeeze2_fuse.cc",
)

LAWS = (
    CONVOLUTION_PAIRS,
    SWISH_BEHIND_TRANSPOSED,
    MAGNITUDES_BEHIND_SUMS,
    SIDES_OF_PADDING,
)
