"""Simulated quantization: operators that round as an int8 kernel would."""

from __future__ import annotations

from edgeslim.paddle_io.pir.rows import Row, row

__all__ = ["ROWS"]

_LINEAR = (
    "quant_axis:int bit_length:int qmin:int qmax:int round_type:int is_test:bool only_observer:bool"
)
_MOVING = "moving_rate:float bit_length:int is_test:bool round_type:int"
_MOVED = "Out OutScale OutState OutAccum"

ROWS: dict[str, Row] = {
    "dequantize_linear": row(
        "dequantize_linear",
        "X Scale ZeroPoint InAccum InState",
        "Y OutState OutAccum OutScale",
        _LINEAR,
    ),
    "fake_channel_wise_dequantize_max_abs": row(
        "fake_channel_wise_dequantize_max_abs",
        "X Scales",
        "Out",
        "quant_bits:ints quant_axis:int x_num_col_dims:int",
    ),
    "fake_channel_wise_quantize_abs_max": row(
        "fake_channel_wise_quantize_abs_max",
        "X",
        "Out OutScale",
        "bit_length:int round_type:int quant_axis:int is_test:bool",
    ),
    "fake_channel_wise_quantize_dequantize_abs_max": row(
        "fake_channel_wise_quantize_dequantize_abs_max",
        "X",
        "Out OutScale",
        "bit_length:int round_type:int quant_axis:int",
    ),
    "fake_dequantize_max_abs": row("fake_dequantize_max_abs", "X Scale", "Out", "max_range:float"),
    "fake_quantize_abs_max": row(
        "fake_quantize_abs_max", "X", "Out OutScale", "bit_length:int round_type:int"
    ),
    "fake_quantize_dequantize_abs_max": row(
        "fake_quantize_dequantize_abs_max", "X", "Out OutScale", "bit_length:int round_type:int"
    ),
    "fake_quantize_dequantize_moving_average_abs_max": row(
        "fake_quantize_dequantize_moving_average_abs_max",
        "X InScale InAccum InState",
        _MOVED,
        _MOVING,
    ),
    "fake_quantize_moving_average_abs_max": row(
        "fake_quantize_moving_average_abs_max", "X InScale InAccum InState", _MOVED, _MOVING
    ),
    "fake_quantize_range_abs_max": row(
        "fake_quantize_range_abs_max",
        "X InScale Iter",
        "Out OutScale OutScales",
        "window_size:int bit_length:int is_test:bool round_type:int",
    ),
    "moving_average_abs_max_scale": row(
        "moving_average_abs_max_scale",
        "X InAccum InState",
        _MOVED,
        "moving_rate:float is_test:bool",
    ),
    "quantize_linear": row(
        "quantize_linear",
        "X Scale ZeroPoint InAccum InState",
        "Y OutState OutAccum OutScale",
        _LINEAR,
    ),
}
