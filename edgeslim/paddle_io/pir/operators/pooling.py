"""Pooling and unpooling."""

from __future__ import annotations

from edgeslim.paddle_io.pir.rows import Row, row

__all__ = ["ROWS"]

ROWS: dict[str, Row] = {
    "fractional_max_pool2d": row(
        "fractional_max_pool2d",
        "x",
        "out mask",
        "output_size:ints kernel_size:ints random_u:float return_mask:bool",
    ),
    "fractional_max_pool3d": row(
        "fractional_max_pool3d",
        "x",
        "out mask",
        "output_size:ints kernel_size:ints random_u:float return_mask:bool",
    ),
    "lp_pool2d": row(
        "lp_pool2d",
        "x",
        "out",
        "kernel_size:longs strides:ints paddings:ints ceil_mode:bool exclusive:bool "
        "data_format:str pooling_type:str global_pooling:bool adaptive:bool "
        "padding_algorithm:str norm_type:float",
    ),
    "max_pool2d_with_index": row(
        "max_pool2d_with_index",
        "X",
        "Out Mask",
        "kernel_size=ksize:ints strides:ints paddings:ints global_pooling:bool "
        "adaptive:bool ceil_mode:bool",
    ),
    "max_pool3d_with_index": row(
        "max_pool3d_with_index",
        "X",
        "Out Mask",
        "kernel_size=ksize:ints strides:ints paddings:ints global_pooling:bool "
        "adaptive:bool ceil_mode:bool",
    ),
    "pool2d": row(
        "pool2d",
        "X ksize:ints",
        "Out",
        "strides:ints paddings:ints ceil_mode:bool exclusive:bool data_format:str "
        "pooling_type:str global_pooling:bool adaptive:bool padding_algorithm:str",
    ),
    "pool3d": row(
        "pool3d",
        "X",
        "Out",
        "kernel_size=ksize:ints strides:ints paddings:ints ceil_mode:bool "
        "exclusive:bool data_format:str pooling_type:str global_pooling:bool "
        "adaptive:bool padding_algorithm:str",
    ),
    "unpool": row(
        "unpool",
        "X Indices output_size:ints",
        "Out",
        "ksize:ints strides:ints padding=paddings:ints data_format:str",
        unpooling_type="max",
    ),
    "unpool3d": row(
        "unpool3d",
        "X Indices",
        "Out",
        "ksize:ints strides:ints paddings:ints output_size:ints data_format:str",
    ),
}
