"""The versions of Paddle and of its operators that an old description has to name.

Without them Paddle takes a description for one of its first and converts operators from what they
were then: a value that ``set_value`` writes becomes 0.
"""

from __future__ import annotations

__all__ = ["OPERATOR_VERSIONS", "PADDLE_VERSION"]

PADDLE_VERSION = 3003001
"""The version of Paddle (3.3.1) that descriptions name as their writer."""

OPERATOR_VERSIONS = {
    **dict.fromkeys(
        (
            *("affine_grid", "argsort", "assign_value", "clip", "collect_fpn_proposals", "conv2d"),
            *("conv3d", "conv3d_transpose", "cumprod", "cumsum", "depthwise_conv2d"),
            *("depthwise_conv2d_transpose", "elementwise_add", "elementwise_div"),
            *("elementwise_mul", "elementwise_pow", "elementwise_sub", "equal"),
            *("fake_channel_wise_quantize_abs_max", "flip", "gather", "generate_proposals_v2"),
            *("greater_equal", "greater_than", "grid_sampler", "hard_shrink", "histogram"),
            *("instance_norm", "kldiv_loss", "leaky_relu", "less_equal", "less_than", "linspace"),
            *("lookup_table_v2", "matrix_nms", "max_pool2d_with_index", "max_pool3d_with_index"),
            *("not_equal", "p_norm", "pixel_shuffle", "round", "softplus", "thresholded_relu"),
            *("trace", "unique_consecutive", "yolo_box"),
        ),
        1,
    ),
    **dict.fromkeys(
        (
            *("allclose", "conv2d_transpose", "distribute_fpn_proposals", "fill_constant"),
            *("moving_average_abs_max_scale", "roi_pool", "roll"),
        ),
        2,
    ),
    "roi_align": 3,
    "set_value": 4,
}
"""The version of each operator that has changed since its first."""
