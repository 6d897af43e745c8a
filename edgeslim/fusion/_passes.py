"""The passes of Paddle-Lite 2.13 that change float operators, in the order they run.

Left out are those that run for other targets only or for quantized networks, and those that
depend on the values of weights (``sparse_conv_detect_pass``: 1x1 filters of which more than half
is zero). ``adaptive_1x1_pool2d_convert_global_pass`` changes nothing in the
normal form of `edgeslim.ops.pooling`.
"""

from __future__ import annotations

from edgeslim.execution import Target
from edgeslim.fusion import (
    _convolution,
    _convolution_merging,
    _elementwise,
    _layout,
    _matrix,
    _scales,
)
from edgeslim.fusion._pass import FusionPass

__all__ = ["PASSES"]

_ARM = frozenset({Target.ARM})

PASSES: tuple[FusionPass, ...] = (
    FusionPass(name="unsqueeze_calc_offline_pass", apply=_layout.unsqueeze_weights, targets=_ARM),
    FusionPass(name="lite_unsqueeze2_pad3d_squeeze2_fuse_pass", apply=_layout.fuse_padding),
    FusionPass(name="lite_conv_elementwise_fuse_pass", apply=_convolution.fuse_additions),
    FusionPass(name="lite_conv_bn_fuse_pass", apply=_convolution.fuse_norms),
    FusionPass(name="lite_conv_elementwise_fuse_pass", apply=_convolution.fuse_additions),
    FusionPass(name="lite_conv_conv_fuse_pass", apply=_convolution_merging.merge_convolutions),
    FusionPass(name="lite_sigmoid_elementmul_fuse_pass", apply=_elementwise.fuse_swish),
    FusionPass(name="lite_conv_activation_fuse_pass", apply=_convolution.fuse_activations),
    FusionPass(name="lite_squeeze2_matmul_fuse_pass", apply=_matrix.squeeze_into_mul),
    FusionPass(name="lite_reshape2_matmul_fuse_pass", apply=_matrix.reshape_into_mul),
    FusionPass(name="lite_matmul_fuse_pass", apply=_matrix.matmul_to_mul),
    FusionPass(name="lite_fc_fuse_pass", apply=_matrix.fuse_fc),
    FusionPass(name="lite_shuffle_channel_fuse_pass", apply=_layout.fuse_shuffles),
    FusionPass(
        name="lite_transpose_softmax_transpose_fuse_pass", apply=_layout.fuse_turned_softmax
    ),
    FusionPass(name="identity_scale_eliminate_pass", apply=_scales.drop_identities),
    FusionPass(name="lite_scales_fuse_pass", apply=_scales.fuse_scales),
    FusionPass(
        name="elementwise_mul_constant_eliminate_pass", apply=_scales.drop_products_with_one
    ),
    FusionPass(
        name="lite_scale_activation_fuse_pass", apply=_scales.fuse_activations, targets=_ARM
    ),
    FusionPass(name="lite_flatten_fc_fuse_pass", apply=_matrix.flatten_into_fc),
    FusionPass(name="lite_elementwise_activation_fuse_pass", apply=_elementwise.fuse_activations),
    FusionPass(name="lite_conv_scale_fuse_pass", apply=_convolution.fuse_scales),
    FusionPass(name="identity_dropout_eliminate_pass", apply=_scales.drop_dropouts),
)
