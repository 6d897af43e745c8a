"""Reductions and cumulative operations along axes."""

from __future__ import annotations

from edgeslim.paddle_io.pir.rows import Row, row

__all__ = ["ROWS"]


def _reduction(kind: str, operands: str = "X dim:ints", attributes: str = "") -> Row:
    attributes = f"{attributes} keepdim=keep_dim:bool"
    return row(kind, operands, "Out", attributes, completion="reduction")


ROWS: dict[str, Row] = {
    "all": _reduction("reduce_all", "X", "axis=dim:longs"),
    "amax": _reduction("reduce_amax", "X", "axis=dim:longs"),
    "amin": _reduction("reduce_amin", "X", "axis=dim:longs"),
    "any": _reduction("reduce_any", "X", "axis=dim:longs"),
    "argmax": row("arg_max", "X axis:long", "Out", "keepdims:bool flatten:bool dtype:type"),
    "argmin": row("arg_min", "X axis:long", "Out", "keepdims:bool flatten:bool dtype:type"),
    "bincount": row("bincount", "X Weights minlength:int", "Out"),
    "cummax": row("cummax", "x", "out indices", "axis:int dtype:type"),
    "cummin": row("cummin", "x", "out indices", "axis:int dtype:type"),
    "cumprod": row("cumprod", "X", "Out", "dim:int exclusive:bool reverse:bool"),
    "cumsum": row("cumsum", "X axis:int", "Out", "flatten:bool exclusive:bool reverse:bool"),
    "dist": row("dist", "X Y", "Out", "p:float"),
    "histogram": row("histogram", "X Weight", "Out", "bins:long min:float max:float density:bool"),
    "kthvalue": row("kthvalue", "X", "Out Indices", "k:int axis:int keepdim:bool"),
    "logcumsumexp": row(
        "logcumsumexp",
        "X",
        "Out",
        "axis:int flatten:bool exclusive:bool reverse:bool",
    ),
    "logsumexp": row("logsumexp", "X", "Out", "axis:ints keepdim:bool reduce_all:bool"),
    "max": _reduction("reduce_max"),
    "max_with_index": row(
        "max_with_index",
        "x",
        "values indices",
        "dim:long keepdim:bool flatten:bool",
    ),
    "mean": _reduction("reduce_mean"),
    "mean_all": row("mean", "X", "Out"),
    "median": row("median", "x", "out medians", "axis:longs keepdim:bool mode:str"),
    "min": _reduction("reduce_min"),
    "min_with_index": row(
        "min_with_index",
        "x",
        "values indices",
        "dim:long keepdim:bool flatten:bool",
    ),
    "mode": row("mode", "X", "Out Indices", "axis:int keepdim:bool"),
    "nanmedian": row("nanmedian", "X", "Out MedianIndex", "axis:ints keepdim:bool mode:str"),
    "nansum": row("nansum", "x", "out", "axis:longs dtype:type keepdim:bool"),
    "numel": row("size", "Input", "Out"),
    "prod": _reduction("reduce_prod", attributes="reduce_all!"),
    "reduce_as": row("reduce_as", "x target", "out"),
    "std": row("std", "x", "out", "axis:longs keepdim:bool unbiased:bool correction:float64"),
    "sum": _reduction("reduce_sum", attributes="dtype!"),
    "trace": row("trace", "Input", "Out", "offset:int axis1:int axis2:int"),
    "var": row("var", "x", "out", "axis:longs keepdim:bool unbiased:bool correction:float64"),
}
