"""Interpolation, sampling of grids, and shuffles between channels and pixels."""

from __future__ import annotations

from edgeslim.paddle_io.pir.rows import Row, row

__all__ = ["ROWS"]

_INTERPOLATION = (
    "data_format=data_layout:str out_d:int out_h:int out_w:int scale:floats interp_method:str "
    "align_corners:bool align_mode:int"
)


def _interpolation(kind: str) -> Row:
    return row(
        kind, "X OutSize SizeTensor Scale", "Out", _INTERPOLATION, completion="interpolation"
    )


ROWS: dict[str, Row] = {
    "bicubic_interp": _interpolation("bicubic_interp_v2"),
    "bilinear_interp": _interpolation("bilinear_interp_v2"),
    "linear_interp": _interpolation("linear_interp_v2"),
    "nearest_interp": _interpolation("nearest_interp_v2"),
    "trilinear_interp": _interpolation("trilinear_interp_v2"),
    "affine_grid": row("affine_grid", "Theta output_shape:ints", "Output", "align_corners:bool"),
    "channel_shuffle": row("channel_shuffle", "X", "Out", "groups:int data_format:str"),
    "grid_sample": row(
        "grid_sampler",
        "X Grid",
        "Output",
        "mode:str padding_mode:str align_corners:bool",
    ),
    "pixel_shuffle": row("pixel_shuffle", "X", "Out", "upscale_factor:int data_format:str"),
    "pixel_unshuffle": row("pixel_unshuffle", "X", "Out", "downscale_factor:int data_format:str"),
    "shuffle_channel": row("shuffle_channel", "X", "Out", "group:int"),
    "temporal_shift": row(
        "temporal_shift",
        "X",
        "Out",
        "seg_num:int shift_ratio:float data_format:str",
    ),
}
