"""Int8 kernels, and what `opt` makes of a quantized model for them."""

from __future__ import annotations

import math

from edgeslim.execution import Precision
from edgeslim.targets._law import ARM, EVERYWHERE, Answer, Kernels, Law, Operator

__all__ = [
    "ACTIVATIONS_WITHIN_X86",
    "ACTIVATION_BITS",
    "CLIPS_WITHIN_PRODUCTS_ARM",
    "GROUPS_WITHOUT_BIAS_X86",
    "LAWS",
    "ODD_SIZES_X86",
    "PRODUCTS_WITHOUT_BIAS_ARM",
    "PRODUCTS_X86",
    "RELUS_WITHIN_UNPADDED_ARM",
    "ROUNDS_ACTIVATIONS",
    "ROUNDS_WEIGHTS",
    "SHARED_SCRATCH_ARM",
    "SINGLE_OUTPUTS_ARM",
    "SWISH_WITHIN_DEPTHWISE_ARM",
    "WEIGHT_BITS",
    "WEIGHT_BITS_X86",
]

ROUNDS_ACTIVATIONS = ("fake_quantize_dequantize_moving_average_abs_max",)
ROUNDS_WEIGHTS = (
    "fake_quantize_dequantize_abs_max",
    "fake_channel_wise_quantize_dequantize_abs_max",
)
"""The operators that quantize activations or weights; `opt` knows no others."""

_INT8 = frozenset({Precision.INT8})
_X86 = frozenset({Kernels.X86})
_KERNEL_BITS = 8
_X86_WEIGHT_BITS = 7
"""The most bits that weights may have where two products are added in 16 bits."""

_AT_ONCE = 32
_LEAST_WRONG_REST = 8
"""Number of elements that are rounded together, and the least rest that is rounded wrongly."""


def _bits(operator: Operator) -> int:
    return int(operator.attribute("bit_length", _KERNEL_BITS))


def _is_rounded_before(operator: Operator) -> bool:
    """Whether its input was quantized."""
    slot = "X" if operator.inputs.get("X") else "Input"
    return any(kind in ROUNDS_ACTIVATIONS for kind in operator.makers.get(slot, ()))


def _is_rounded_in_part(operator: Operator) -> bool:
    rest = math.prod(operator.shape()) % _AT_ONCE
    return _is_rounded_before(operator) and rest >= _LEAST_WRONG_REST


def _has_one_output_of_many(operator: Operator) -> bool:
    """Whether several rows are multiplied by a single column."""
    return (
        _is_rounded_before(operator)
        and operator.shape("Y")[-1:] == (1,)
        and math.prod(operator.shape("X")[:-1]) > 1
    )


ACTIVATION_BITS = Law(
    name="int8-activation-bits",
    operators=ROUNDS_ACTIVATIONS,
    condition="activations of other than 8 bits",
    meets=lambda operator: _bits(operator) != _KERNEL_BITS,
    happens="the int8 kernels compute with activations of 8 bits",
    kernels=EVERYWHERE,
    precisions=_INT8,
    answer=Answer.REFUSED,
    mend="quantize it again with activations of 8 bits",
    source="lite/core/optimizer/mir/fusion/quant_dequant_op_fuser.cc",
)

WEIGHT_BITS = Law(
    name="int8-weight-bits",
    operators=ROUNDS_WEIGHTS,
    condition="weights of more than 8 bits",
    meets=lambda operator: _bits(operator) > _KERNEL_BITS,
    happens="the int8 kernels compute with weights of at most 8 bits",
    kernels=EVERYWHERE,
    precisions=_INT8,
    answer=Answer.REFUSED,
    mend="quantize it again with weights of 8 bits",
    source="lite/core/optimizer/mir/fusion/quant_dequant_op_fuser.cc",
)

WEIGHT_BITS_X86 = Law(
    name="int8-sums-of-16-bits",
    operators=ROUNDS_WEIGHTS,
    condition="weights of 8 bits",
    meets=lambda operator: _bits(operator) == _KERNEL_BITS,
    happens="two products are added in 16 bits, which cut off sums of weights of more than 7 bits",
    kernels=_X86,
    precisions=_INT8,
    answer=Answer.REFUSED,
    mend=(
        f"quantize it again with weights of {_X86_WEIGHT_BITS} (--weight-bits {_X86_WEIGHT_BITS}), "
        "or deploy it in floats (--precisions fp32)"
    ),
    source="vpmaddubsw in lite/backends/x86/math/gemm_s8u8_kernel.cc",
)

PRODUCTS_X86 = Law(
    name="int8-products",
    operators=("matmul", "matmul_v2", "mul"),
    condition="of quantized inputs",
    meets=_is_rounded_before,
    happens="there is no int8 kernel, and the one for floats reads the stored integers as floats",
    kernels=_X86,
    precisions=_INT8,
    rewrite="quantized",
    form="in floats",
    source="lite/kernels/x86/fc_compute.cc",
)

ODD_SIZES_X86 = Law(
    name="int8-odd-sizes",
    operators=("conv2d", "depthwise_conv2d"),
    condition="of quantized inputs whose size leaves a rest of 8 or more elements over 32",
    meets=_is_rounded_in_part,
    happens="of that rest, only every second group of four elements is rounded",
    kernels=_X86,
    precisions=_INT8,
    rewrite="quantized",
    form="of odd sizes in floats",
    source="lite/backends/x86/math/calib.cc",
)

GROUPS_WITHOUT_BIAS_X86 = Law(
    name="int8-groups-without-bias",
    operators=("conv2d", "depthwise_conv2d"),
    condition="of quantized inputs, in groups and without a bias or a norm behind it",
    meets=None,
    happens="a missing bias is read for all groups but the first, which ends the run",
    kernels=_X86,
    precisions=_INT8,
    rewrite="quantized",
    form="in groups without a bias in floats",
    source="lite/kernels/x86/conv_compute.cc",
)

ACTIVATIONS_WITHIN_X86 = Law(
    name="int8-activations-within",
    operators=("hard_swish", "leaky_relu"),
    condition="behind a convolution of quantized inputs, also with a norm or sum between them",
    meets=None,
    happens="it is fused into the int8 convolution with wrong factors",
    kernels=_X86,
    precisions=_INT8,
    rewrite="quantized",
    form="kept apart from an int8 convolution",
    source="lite/kernels/x86/conv_compute.cc",
)

CLIPS_WITHIN_PRODUCTS_ARM = Law(
    name="int8-clips-within-products",
    operators=("relu6",),
    condition="behind a product of quantized inputs, with a sum between them",
    meets=None,
    happens="it is fused into a fully connected layer, which clips at six steps of its scale",
    kernels=ARM,
    precisions=_INT8,
    rewrite="quantized",
    form="kept apart from an int8 product",
    source="lite/kernels/arm/fc_compute.cc",
)

SWISH_WITHIN_DEPTHWISE_ARM = Law(
    name="int8-swish-within-depthwise",
    operators=("hard_swish",),
    condition="behind a depthwise convolution of quantized inputs, also with a norm or sum between "
    "them",
    meets=None,
    happens="it is fused into the int8 convolution, which multiplies where it should divide",
    kernels=ARM,
    precisions=_INT8,
    rewrite="quantized",
    form="kept apart from an int8 convolution of single channels",
    source="lite/backends/arm/math/conv_impl.cc (conv_depthwise_3x3_int8_int8)",
)

RELUS_WITHIN_UNPADDED_ARM = Law(
    name="int8-relus-within-unpadded",
    operators=("relu", "relu6"),
    condition="behind a depthwise convolution of quantized inputs, without padding and with "
    "strides of 1, also with a norm or sum between them",
    meets=None,
    happens="it is fused into the int8 convolution, which compares with a register's old content",
    kernels=frozenset({Kernels.ARMV8}),
    precisions=_INT8,
    rewrite="quantized",
    form="kept apart from an int8 convolution without padding",
    source="lite/backends/arm/math/conv3x3s1_depthwise_int8.cc (s1p0 without INIT_S1)",
)

SINGLE_OUTPUTS_ARM = Law(
    name="int8-single-outputs",
    operators=("matmul", "matmul_v2", "mul"),
    condition="several quantized rows by one column",
    meets=_has_one_output_of_many,
    happens="the column is read in another packing, and the bias as if there were several columns",
    kernels=ARM,
    precisions=_INT8,
    rewrite="quantized",
    form="in floats",
    source="lite/backends/arm/math/gemm_s8.cc (N == 1)",
)

PRODUCTS_WITHOUT_BIAS_ARM = Law(
    name="int8-products-without-bias",
    operators=("matmul", "matmul_v2", "mul"),
    condition="of quantized inputs, without a bias",
    meets=None,
    happens="opt finds no kernel for it if the next operator needs integers",
    kernels=ARM,
    precisions=_INT8,
    rewrite="quantized",
    form="with a bias of zeros",
    source="lite/kernels/arm/matmul_v2_compute.cc",
)

SHARED_SCRATCH_ARM = Law(
    name="int8-shared-scratch",
    operators=("conv2d",),
    condition="3x3 of quantized inputs, with strides of 1 and one group, if there is less scratch "
    "memory than its threads use",
    meets=None,
    happens="there is scratch memory for two threads, and further threads write beyond it",
    kernels=ARM,
    precisions=_INT8,
    several_threads=True,
    rewrite="integer-scratch",
    form="by filters with a column of zeros",
    source="lite/kernels/arm/conv_winograd.cc (workspace_size_)",
)

LAWS = (
    ACTIVATION_BITS,
    WEIGHT_BITS,
    WEIGHT_BITS_X86,
    PRODUCTS_X86,
    ODD_SIZES_X86,
    GROUPS_WITHOUT_BIAS_X86,
    ACTIVATIONS_WITHIN_X86,
    CLIPS_WITHIN_PRODUCTS_ARM,
    SWISH_WITHIN_DEPTHWISE_ARM,
    RELUS_WITHIN_UNPADDED_ARM,
    SINGLE_OUTPUTS_ARM,
    PRODUCTS_WITHOUT_BIAS_ARM,
    SHARED_SCRATCH_ARM,
)
