"""Comparisons, logic, and ``where``."""

from __future__ import annotations

from edgeslim.paddle_io.pir.rows import Row, row

__all__ = ["ROWS"]

ROWS: dict[str, Row] = {
    "allclose": row("allclose", "Input Other rtol:str/Rtol atol:str/Atol", "Out", "equal_nan:bool"),
    "bitwise_and": row("bitwise_and", "X Y", "Out"),
    "bitwise_left_shift": row("bitwise_left_shift", "x y", "out", "is_arithmetic:bool"),
    "bitwise_not": row("bitwise_not", "X", "Out"),
    "bitwise_or": row("bitwise_or", "X Y", "Out"),
    "bitwise_right_shift": row("bitwise_right_shift", "x y", "out", "is_arithmetic:bool"),
    "bitwise_xor": row("bitwise_xor", "X Y", "Out"),
    "equal": row("equal", "X Y", "Out", axis=-1, force_cpu=False),
    "equal_all": row("equal_all", "X Y", "Out"),
    "greater_equal": row("greater_equal", "X Y", "Out", axis=-1, force_cpu=False),
    "greater_than": row("greater_than", "X Y", "Out", axis=-1, force_cpu=False),
    "is_empty": row("is_empty", "X", "Out"),
    "isclose": row("isclose", "Input Other rtol:str/Rtol atol:str/Atol", "Out", "equal_nan:bool"),
    "isfinite": row("isfinite_v2", "X", "Out"),
    "isinf": row("isinf_v2", "X", "Out"),
    "isnan": row("isnan_v2", "X", "Out"),
    "less_equal": row("less_equal", "X Y", "Out", axis=-1, force_cpu=False),
    "less_than": row("less_than", "X Y", "Out", axis=-1, force_cpu=False),
    "logical_and": row("logical_and", "X Y", "Out"),
    "logical_not": row("logical_not", "X", "Out"),
    "logical_or": row("logical_or", "X Y", "Out"),
    "logical_xor": row("logical_xor", "X Y", "Out"),
    "not_equal": row("not_equal", "X Y", "Out", axis=-1, force_cpu=False),
    "where": row("where", "Condition X Y", "Out"),
}
