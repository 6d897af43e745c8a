"""The passes of Paddle-Lite 2.13 that change float operators, in the order they run.

Those that run for other targets only, or for quantized networks, are left out, and so is
what depends on the values of weights (``sparse_conv_detect_pass``: 1x1 filters of which
more than half is zero). ``adaptive_1x1_pool2d_convert_global_pass`` changes nothing in the
normal form of `edgeslim.ops.pooling`.
"""

from __future__ import annotations

from edgeslim.execution import Target
from edgeslim.fusion import _convolution, _elementwise, _layout, _matrix, _merging, _scales
from edgeslim.fusion._rule import Rule

__all__ = ["PASSES"]

_ARM = frozenset({Target.ARM})

PASSES: tuple[Rule, ...] = (
    Rule(name="unsqueeze_calc_offline_pass", apply=_layout.unsqueeze_weights, targets=_ARM),
    Rule(name="lite_unsqueeze2_pad3d_squeeze2_fuse_pass", apply=_layout.fuse_padding),
    Rule(name="lite_conv_elementwise_fuse_pass", apply=_convolution.fuse_additions),
    Rule(name="lite_conv_bn_fuse_pass", apply=_convolution.fuse_norms),
    Rule(name="lite_conv_elementwise_fuse_pass", apply=_convolution.fuse_additions),
    Rule(name="lite_conv_conv_fuse_pass", apply=_merging.merge_convolutions),
    Rule(name="lite_sigmoid_elementmul_fuse_pass", apply=_elementwise.fuse_swish),
    Rule(name="lite_conv_activation_fuse_pass", apply=_convolution.fuse_activations),
    Rule(name="lite_squeeze2_matmul_fuse_pass", apply=_matrix.squeeze_into_mul),
    Rule(name="lite_reshape2_matmul_fuse_pass", apply=_matrix.reshape_into_mul),
    Rule(name="lite_matmul_fuse_pass", apply=_matrix.matmul_to_mul),
    Rule(name="lite_fc_fuse_pass", apply=_matrix.fuse_fc),
    Rule(name="lite_shuffle_channel_fuse_pass", apply=_layout.fuse_shuffles),
    Rule(name="lite_transpose_softmax_transpose_fuse_pass", apply=_layout.fuse_turned_softmax),
    Rule(name="identity_scale_eliminate_pass", apply=_scales.drop_identities),
    Rule(name="lite_scales_fuse_pass", apply=_scales.fuse_scales),
    Rule(name="elementwise_mul_constant_eliminate_pass", apply=_scales.drop_products_with_one),
    Rule(name="lite_scale_activation_fuse_pass", apply=_scales.fuse_activations, targets=_ARM),
    Rule(name="lite_flatten_fc_fuse_pass", apply=_matrix.flatten_into_fc),
    Rule(name="lite_elementwise_activation_fuse_pass", apply=_elementwise.fuse_activations),
    Rule(name="lite_conv_scale_fuse_pass", apply=_convolution.fuse_scales),
    Rule(name="identity_dropout_eliminate_pass", apply=_scales.drop_dropouts),
)
