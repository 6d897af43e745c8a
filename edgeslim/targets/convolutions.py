"""Convolutions whose kernels give something else."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator

__all__ = ["LAWS", "TRANSPOSED_DEPTHWISE"]


def _is_transposed_depthwise(operator: Operator) -> bool:
    """Whether the depthwise kernels would be chosen."""
    shape = operator.shape("Filter")
    if "Filter" not in operator.constants or len(shape) != 4:
        return False
    channels, each, height, width = shape
    return (
        int(operator.given("groups", 1)) == channels
        and each == 1
        and height == width
        and tuple(operator.given("strides", (1, 1))) in {(1, 1), (2, 2)}
        and set(operator.given("dilations", (1, 1))) <= {1}
    )


TRANSPOSED_DEPTHWISE = Law(
    name="transposed-depthwise",
    operators=("conv2d_transpose",),
    condition=(
        "with a filter of its own for each channel, as wide as high, strides of 1 or 2 and no "
        "dilation"
    ),
    meets=_is_transposed_depthwise,
    happens="what comes out depends on what ran before",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="transposed-depthwise",
    form="in its general form, by filters with a column of noughts",
    mend="give explicit paddings",
    source=(
        "lite/backends/x86/math/conv2d_transpose.cc, "
        "lite/backends/arm/math/conv_transpose_depthwise.cc"
    ),
)

LAWS = (TRANSPOSED_DEPTHWISE,)
