"""Sums, largest values and the like along axes."""

from __future__ import annotations

from edgeslim.paddle_io.pir.rows import Row, row

__all__ = ["ROWS"]

ROWS: dict[str, Row] = {
    "all": row(
        "reduce_all",
        "X",
        "Out",
        "axis=dim:longs keepdim=keep_dim:bool",
        completed="reduction",
    ),
    "amax": row(
        "reduce_amax",
        "X",
        "Out",
        "axis=dim:longs keepdim=keep_dim:bool",
        completed="reduction",
    ),
    "amin": row(
        "reduce_amin",
        "X",
        "Out",
        "axis=dim:longs keepdim=keep_dim:bool",
        completed="reduction",
    ),
    "any": row(
        "reduce_any",
        "X",
        "Out",
        "axis=dim:longs keepdim=keep_dim:bool",
        completed="reduction",
    ),
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
    "max": row("reduce_max", "X dim:ints", "Out", "keepdim=keep_dim:bool", completed="reduction"),
    "max_with_index": row(
        "max_with_index",
        "x",
        "values indices",
        "dim:long keepdim:bool flatten:bool",
    ),
    "mean": row("reduce_mean", "X dim:ints", "Out", "keepdim=keep_dim:bool", completed="reduction"),
    "mean_all": row("mean", "X", "Out"),
    "median": row("median", "x", "out medians", "axis:longs keepdim:bool mode:str"),
    "min": row("reduce_min", "X dim:ints", "Out", "keepdim=keep_dim:bool", completed="reduction"),
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
    "prod": row(
        "reduce_prod",
        "X dim:ints",
        "Out",
        "keepdim=keep_dim:bool reduce_all!",
        completed="reduction",
    ),
    "reduce_as": row("reduce_as", "x target", "out"),
    "std": row("std", "x", "out", "axis:longs keepdim:bool unbiased:bool correction:float64"),
    "sum": row(
        "reduce_sum",
        "X dim:ints",
        "Out",
        "dtype! keepdim=keep_dim:bool",
        completed="reduction",
    ),
    "trace": row("trace", "Input", "Out", "offset:int axis1:int axis2:int"),
    "var": row("var", "x", "out", "axis:longs keepdim:bool unbiased:bool correction:float64"),
}
