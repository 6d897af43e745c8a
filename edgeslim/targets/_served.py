"""Operators that Paddle-Lite 2.13 has kernels for, as `opt` lists them (``print_all_ops``)."""

from __future__ import annotations

from edgeslim.targets._law import Kernels

__all__ = ["SERVED"]

_EVERYWHERE = """
    abs anchor_generator arg_max argsort assign assign_value batch_norm beam_search
    beam_search_decode bilinear_interp bilinear_interp_v2 bitwise_and bitwise_not box_clip
    box_coder calib calib_once cast clip collect_fpn_proposals concat conditional_block conv2d
    conv2d_transpose correlation cos cos_sim crf_decoding crop crop_tensor ctc_align cumsum
    deformable_conv density_prior_box depthwise_conv2d distribute_fpn_proposals dropout
    elementwise_add elementwise_div elementwise_floordiv elementwise_max elementwise_min
    elementwise_mod elementwise_mul elementwise_pow elementwise_sub elu equal erf exp expand
    expand_as expand_v2 fc feed fetch fill_any_like fill_constant fill_constant_batch_size_like
    fill_zeros_like flatten flatten2 flatten_contiguous_range flip floor
    fusion_elementwise_add_activation fusion_elementwise_div_activation
    fusion_elementwise_max_activation fusion_elementwise_min_activation
    fusion_elementwise_mul_activation fusion_elementwise_sub_activation gather gather_nd
    gather_tree gaussian_random gelu generate_proposals generate_proposals_v2 greater_equal
    greater_than grid_sampler group_norm gru gru_unit hard_sigmoid hard_swish im2sequence
    increment index_select instance_norm inverse is_empty layer_norm leaky_relu less_equal
    less_than linspace lod_array_length lod_reset log log_softmax logical_and logical_not
    logical_or logical_xor lookup_table lookup_table_v2 matmul matmul_v2 matrix_nms
    max_pool2d_with_index merge_lod_tensor meshgrid mish mul multiclass_nms multiclass_nms2
    multiclass_nms3 nearest_interp nearest_interp_v2 norm not_equal one_hot one_hot_v2 p_norm
    pad pad2d pad3d pixel_shuffle polygon_box_transform pool2d pow prelu print prior_box range
    read_from_array reciprocal reduce_all reduce_any reduce_max reduce_mean reduce_min
    reduce_prod reduce_sum relu relu6 relu_clipped reshape reshape2 retinanet_detection_output
    reverse rnn roi_align roi_perspective_transform roll round rsqrt sampling_id scale
    scatter_nd_add select_input sequence_conv sequence_expand sequence_expand_as sequence_mask
    sequence_pad sequence_pool sequence_softmax sequence_unpad set_value shape share_data
    shuffle_channel sigmoid silu sin slice softmax softplus split sqrt square squeeze squeeze2
    stack strided_slice swish sync_batch_norm tanh temporal_shift tensor_array_to_tensor
    thresholded_relu tile top_k top_k_v2 transpose transpose2 tril_triu unbind unfold
    uniform_random unique unique_with_counts unsqueeze unsqueeze2 unstack where where_index
    while write_back write_to_array yolo_box
"""
_ON_ARM = """
    affine_channel affine_grid axpy calib_inplace decode_bboxes depthwise_conv2d_transpose
    dequantize_log fused_attention layout layout_once linear_interp linear_interp_v2
    lookup_table_dequant lrn lstm mean negative scatter sign sparse_conv2d split_lod_tensor sum
    viterbi_decode
"""
_ON_X86 = """
    match_matrix_tensor search_aligned_mat_mul search_attention_padding_mask search_fc
    search_grnn search_group_padding search_seq_arithmetic search_seq_depadding search_seq_fc
    search_seq_softmax sequence_arithmetic sequence_concat sequence_reshape sequence_reverse
    sequence_topk_avg_pooling softsign var_conv_2d
"""

_ARM, _X86 = (frozenset(f"{_EVERYWHERE} {more}".split()) for more in (_ON_ARM, _ON_X86))

SERVED = {Kernels.X86: _X86, Kernels.ARMV7: _ARM, Kernels.ARMV8: _ARM}
"""The kinds of operators that each set of kernels computes."""
