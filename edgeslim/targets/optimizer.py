"""Passes of `opt` that merge consecutive operators wrongly."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Kernels, Law, Operator

__all__ = [
    "ACTIVATIONS_IN_A_ROW",
    "CONSTANTS_NO_BIAS",
    "CONSTANTS_TAKEN_FOR_BIASES",
    "CONVOLUTION_PAIRS",
    "FACTORS_BEHIND_ACTIVATIONS",
    "FACTORS_OF_SHARED_FILTERS",
    "IDENTITIES_OF_INPUTS",
    "LAWS",
    "MAGNITUDES_BEHIND_SUMS",
    "NO_SHUFFLES",
    "OFFSETS_BEFORE_FACTORS",
    "RESHAPED_BIASES",
    "SIDES_OF_PADDING",
    "SOFTMAX_BETWEEN_TURNS",
    "SWISH_BEHIND_TRANSPOSED",
]

_X86 = frozenset({Kernels.X86})
_SUMS = {"elementwise_add", "elementwise_mul", "elementwise_sub"}
_FUSION = "lite/core/optimizer/mir/fusion"


def _is_behind_a_sum(operator: Operator) -> bool:
    return bool(_SUMS.intersection(operator.makers.get("X", ())))


def _loses_its_depth(operator: Operator) -> bool:
    sides = tuple(operator.attribute("paddings", ()))
    return "unsqueeze2" in operator.makers.get("X", ()) and sides[:2] != sides[2:4]


def _returns_an_input(operator: Operator) -> bool:
    """Whether it returns an input of the network unchanged."""
    if operator.makers.get("X") or "X" in operator.constants:
        return False
    if operator.kind == "dropout":
        return bool(operator.attribute("dropout_implementation", "") == "upscale_in_train")
    factor, offset = operator.attribute("scale", 1.0), operator.attribute("bias", 0.0)
    return "ScaleTensor" not in operator.inputs and (factor, offset) == (1.0, 0.0)


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
    happens="it is fused into the convolution, which has no such activation",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="merge-barriers",
    form="kept apart from the transposed convolution before it",
    source=f"{_FUSION}/conv_activation_fuse_pass.cc",
)

MAGNITUDES_BEHIND_SUMS = Law(
    name="magnitudes-behind-sums",
    operators=("abs",),
    condition="of a sum, difference or product",
    meets=_is_behind_a_sum,
    happens="both become one operator, whose kernel has no abs and ends the run",
    kernels=_X86,
    precisions=EVERY_PRECISION,
    rewrite="merge-barriers",
    form="kept apart from what is before it",
    source=f"{_FUSION}/elementwise_add_activation_fuse_pass.cc",
)

SIDES_OF_PADDING = Law(
    name="sides-of-padding",
    operators=("pad3d",),
    condition="of an image that was given a third axis for it, with unequal sides",
    meets=_loses_its_depth,
    happens="opt removes the axis and mixes up the sides",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="merge-barriers",
    form="kept apart from the axis before it",
    source=f"{_FUSION}/unsqueeze2_pad3d_squeeze2_fuse.cc",
)

FACTORS_BEHIND_ACTIVATIONS = Law(
    name="factors-behind-activations",
    operators=("scale",),
    condition=(
        "behind a convolution and its activation, unless that is relu or leaky_relu and the "
        "factor positive without an offset"
    ),
    meets=None,
    happens="the convolution applies it before the activation: 1 - relu(x) becomes relu(1 - x)",
    kernels=EVERYWHERE,
    rewrite="activation-barriers",
    form="kept apart from the activation before it",
    source=f"{_FUSION}/conv_scale_fuser.cc",
)

ACTIVATIONS_IN_A_ROW = Law(
    name="activations-in-a-row",
    operators=("relu", "relu6", "leaky_relu", "hard_swish"),
    condition="behind a convolution and its activation, unless the second includes the first",
    meets=None,
    happens="the second replaces the first in the convolution",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="activation-barriers",
    form="kept apart from the activation before it",
    source=f"{_FUSION}/conv_activation_fuse_pass.cc",
)

FACTORS_OF_SHARED_FILTERS = Law(
    name="factors-of-shared-filters",
    operators=("batch_norm", "scale"),
    condition="behind a convolution whose filter another one reads too",
    meets=None,
    happens="the shared filter itself is multiplied, which changes the other one as well",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="shared-filters",
    form="kept apart from a shared filter",
    source=f"{_FUSION}/conv_bn_fuser.cc, {_FUSION}/conv_scale_fuser.cc",
)

OFFSETS_BEFORE_FACTORS = Law(
    name="offsets-before-factors",
    operators=("scale",),
    condition="whose offset is added before the multiplication",
    meets=lambda operator: not operator.attribute("bias_after_scale", True),
    happens="behind a convolution the offset is added after the multiplication",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="offsets-before-factors",
    form="with its factor before the offset",
    source=f"{_FUSION}/conv_scale_fuser.cc",
)

NO_SHUFFLES = Law(
    name="no-shuffles",
    operators=("reshape", "reshape2"),
    condition=(
        "behind a reshape and a transposition that swaps the second and third axes of five or "
        "more, unless all of it is a shuffle of channels"
    ),
    meets=None,
    happens="the three become a shuffle of channels",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="turned-barriers",
    form="kept apart from the transposition before it",
    source=f"{_FUSION}/shuffle_channel_fuser.cc",
)

SOFTMAX_BETWEEN_TURNS = Law(
    name="softmax-between-turns",
    operators=("transpose", "transpose2"),
    condition="behind a softmax and another transposition that it does not undo",
    meets=None,
    happens="the three become one softmax",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="turned-barriers",
    form="kept apart from the softmax before it",
    source=f"{_FUSION}/transpose_softmax_transpose_fuser.cc",
)

CONSTANTS_TAKEN_FOR_BIASES = Law(
    name="constants-taken-for-biases",
    operators=("elementwise_add",),
    condition=(
        "of a constant with one number, or one for each channel, behind a convolution or product "
        "with weights, unless it is added as a bias is"
    ),
    meets=None,
    happens="it is added along another axis, or opt aborts",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="constant-biases",
    form="as a bias",
    source=f"{_FUSION}/conv_elementwise_fuser.cc",
)

CONSTANTS_NO_BIAS = Law(
    name="constants-no-bias",
    operators=("elementwise_add",),
    condition="of any other constant behind a convolution or product with weights",
    meets=None,
    happens="it is taken for a bias of as many numbers, or opt aborts",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="constant-biases",
    form="kept apart from what is before it",
    source=f"{_FUSION}/conv_elementwise_fuser.cc",
)

RESHAPED_BIASES = Law(
    name="reshaped-biases",
    operators=("elementwise_add",),
    condition="of a bias that is reshaped to the axes of an image in every run",
    meets=None,
    happens="the result is right, but it is not fused into the convolution and takes more time",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="direct-biases",
    form="with the bias itself",
    source=f"{_FUSION}/conv_elementwise_fuser.cc",
)

IDENTITIES_OF_INPUTS = Law(
    name="identities-of-inputs",
    operators=("dropout", "scale"),
    condition="which returns an input of the network unchanged",
    meets=_returns_an_input,
    happens="opt removes it and gives the input the name of the result",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="identities-of-inputs",
    form="as a copy",
    source="lite/core/optimizer/mir/elimination/identity_scale_eliminate_pass.cc",
)

LAWS = (
    CONVOLUTION_PAIRS,
    SWISH_BEHIND_TRANSPOSED,
    MAGNITUDES_BEHIND_SUMS,
    SIDES_OF_PADDING,
    FACTORS_BEHIND_ACTIVATIONS,
    ACTIVATIONS_IN_A_ROW,
    FACTORS_OF_SHARED_FILTERS,
    OFFSETS_BEFORE_FACTORS,
    NO_SHUFFLES,
    SOFTMAX_BETWEEN_TURNS,
    CONSTANTS_TAKEN_FOR_BIASES,
    CONSTANTS_NO_BIAS,
    RESHAPED_BIASES,
    IDENTITIES_OF_INPUTS,
)
