"""Convolutions, and the windows of images (``unfold`` and ``fold``)."""

from __future__ import annotations

from edgeslim.paddle_io.pir.rows import Row, row

__all__ = ["ROWS"]

_PLACES = (
    "strides:ints paddings:ints padding_algorithm:str groups:int dilations:ints data_format:str"
)

ROWS: dict[str, Row] = {
    "conv2d": row("conv2d", "Input Filter", "Output", _PLACES),
    "conv2d_transpose": row(
        "conv2d_transpose",
        "Input Filter output_size:ints",
        "Output",
        "strides:ints paddings:ints output_padding:ints padding_algorithm:str "
        "groups:int dilations:ints data_format:str",
    ),
    "conv3d": row("conv3d", "Input Filter", "Output", _PLACES),
    "conv3d_transpose": row(
        "conv3d_transpose",
        "Input Filter",
        "Output",
        "strides:ints paddings:ints output_padding:ints output_size:ints "
        "padding_algorithm:str groups:int dilations:ints data_format:str",
    ),
    "deformable_conv": row(
        "deformable_conv",
        "Input Offset Filter Mask",
        "Output",
        "strides:ints paddings:ints dilations:ints deformable_groups:int groups:int "
        "im2col_step:int",
        completion="deformable",
    ),
    "depthwise_conv2d": row("depthwise_conv2d", "Input Filter", "Output", _PLACES),
    "depthwise_conv2d_transpose": row(
        "depthwise_conv2d_transpose",
        "Input Filter output_size:ints",
        "Output",
        "strides:ints paddings:ints output_padding:ints padding_algorithm:str "
        "groups:int dilations:ints data_format:str",
    ),
    "fold": row(
        "fold",
        "X",
        "Y",
        "output_sizes:ints kernel_sizes:ints strides:ints paddings:ints dilations:ints",
    ),
    "row_conv": row("row_conv", "X Filter", "Out"),
    "unfold": row(
        "unfold",
        "X",
        "Y",
        "kernel_sizes:ints strides:ints paddings:ints dilations:ints",
    ),
}
