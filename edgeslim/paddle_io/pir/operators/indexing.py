"""Gathering and scattering by index, sorting, embeddings."""

from __future__ import annotations

from edgeslim.paddle_io.pir.rows import Row, row

__all__ = ["ROWS"]

_RANGES = "starts:longs//StartsTensorList ends:longs//EndsTensorList steps:longs//StepsTensorList"
_AXES = "axes:longs decrease_axes:longs none_axes:longs shape:longs values:scalars"

ROWS: dict[str, Row] = {
    "argsort": row("argsort", "X", "Out Indices", "axis:int descending:bool stable:bool"),
    "embedding": row("lookup_table_v2", "Ids W", "Out", "padding_idx:long sparse!"),
    "embedding_with_scaled_gradient": row("lookup_table_v2", "Ids W", "Out", "padding_idx:long"),
    "gather": row("gather", "X Index axis:int/Axis", "Out"),
    "gather_nd": row("gather_nd", "X Index", "Out"),
    "gather_tree": row("gather_tree", "Ids Parents", "Out"),
    "index_add": row("index_add", "X Index AddValue", "Out", "axis:int"),
    "index_elementwise_get": row(
        "index_elementwise_get",
        "x index",
        "Out",
        "input_dims:longs input_strides:longs index_dims:longs index_stride:longs "
        "slice_offset:long accumulate:bool is_combined:bool",
    ),
    "index_put": row("index_put", "x indices value", "out", "accumulate:bool"),
    "index_sample": row("index_sample", "X Index", "Out"),
    "index_select": row("index_select", "X Index", "Out", "axis=dim:int"),
    "masked_fill": row("masked_fill", "x mask value", "out"),
    "masked_select": row("masked_select", "X Mask", "Y"),
    "multiplex": row("multiplex", "X Ids", "Out"),
    "nonzero": row("where_index", "Condition", "Out"),
    "put_along_axis": row(
        "put_along_axis",
        "Input Index Value",
        "Result",
        "axis=Axis:int reduce=Reduce:str include_self=Include_self:bool",
    ),
    "scatter": row("scatter", "X Ids Updates", "Out", "overwrite:bool"),
    "scatter_nd_add": row("scatter_nd_add", "X Index Updates", "Out"),
    "searchsorted": row(
        "searchsorted",
        "SortedSequence Values",
        "Out",
        "out_int32:bool right:bool",
    ),
    "segment_pool": row("segment_pool", "X SegmentIds", "Out SummedIds", "pooltype:str"),
    "set_value": row("set_value", f"Input {_RANGES}", "Out", _AXES, completion="set_value"),
    "set_value_with_tensor": row(
        "set_value",
        f"Input ValueTensor {_RANGES}",
        "Out",
        "axes:longs decrease_axes:longs none_axes:longs",
        completion="set_value",
    ),
    "shard_index": row(
        "shard_index",
        "X",
        "Out",
        "index_num:int nshards:int shard_id:int ignore_value:int",
    ),
    "take_along_axis": row("take_along_axis", "Input Index", "Result", "axis=Axis:int"),
    "topk": row("top_k_v2", "X k:int/K", "Out Indices", "axis:int largest:bool sorted:bool"),
    "unique": row(
        "unique",
        "X",
        "Out Indices Index Counts",
        "return_index:bool return_inverse:bool return_counts:bool axis:ints dtype:type "
        "is_sorted:bool",
    ),
    "unique_consecutive": row(
        "unique_consecutive",
        "X",
        "Out Index Counts",
        "return_inverse:bool return_counts:bool axis:ints dtype:type",
    ),
}
