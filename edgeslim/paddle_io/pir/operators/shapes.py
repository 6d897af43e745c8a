"""Shapes: slicing, joining, transposing, repeating, padding, filling."""

from __future__ import annotations

from edgeslim.paddle_io.pir.rows import Row, row

__all__ = ["ROWS"]

ROWS: dict[str, Row] = {
    "as_strided": row("as_strided", "input", "out", "dims:longs stride:longs offset:long"),
    "broadcast_tensors": row("broadcast_tensors", "X", "Out"),
    "concat": row("concat", "X axis:int/AxisTensor", "Out"),
    "crop": row(
        "crop_tensor",
        "X shape:ints/Shape/ShapeTensor offsets:ints/Offsets/OffsetsTensor",
        "Out",
    ),
    "diag": row("diag_v2", "X", "Out", "offset:int padding_value:float"),
    "diag_embed": row("diag_embed", "Input", "Out", "offset:int dim1:int dim2:int"),
    "diagonal": row("diagonal", "Input", "Out", "offset:int axis1:int axis2:int"),
    "empty": row("empty", "shape:longs/ShapeTensor/ShapeTensorList", "Out", "dtype:type place!"),
    "expand": row("expand_v2", "X shape:ints/Shape/expand_shapes_tensor", "Out"),
    "expand_as": row("expand_as_v2", "X Y", "Out", "target_shape:ints"),
    "eye": row("eye", "num_rows:long num_columns:long", "Out", "dtype:type place!"),
    "fill_diagonal": row("fill_diagonal", "X", "Out", "value:float offset:int wrap:bool"),
    "fill_diagonal_tensor": row(
        "fill_diagonal_tensor",
        "X Y",
        "Out",
        "offset:long dim1:int dim2:int",
    ),
    "flatten": row("flatten_contiguous_range", "X", "Out XShape", "start_axis:int stop_axis:int"),
    "flip": row("flip", "X", "Out", "axis:ints"),
    "frame": row("frame", "X", "Out", "frame_length:int hop_length:int axis:int"),
    "full_batch_size_like": row(
        "fill_constant_batch_size_like",
        "Input",
        "Out",
        "shape:ints dtype:type value:float input_dim_idx:int output_dim_idx:int place!",
    ),
    "full_like": row("fill_any_like", "X value:float", "Out", "dtype:type place!"),
    "kron": row("kron", "X Y", "Out"),
    "linspace": row("linspace", "Start Stop Num", "Out", "dtype:type place!"),
    "logspace": row("logspace", "Start Stop Num Base", "Out", "dtype:type place!"),
    "meshgrid": row("meshgrid", "X", "Out"),
    "one_hot": row(
        "one_hot_v2",
        "X depth:int/depth_tensor",
        "Out",
        dtype=5,
        allow_out_of_range=False,
    ),
    "overlap_add": row("overlap_add", "X", "Out", "hop_length:int axis:int"),
    "pad": row("pad", "X pad_value:float", "Out", "paddings:ints"),
    "pad3d": row(
        "pad3d",
        "X paddings:ints/Paddings",
        "Out",
        "mode:str pad_value=value:float data_format:str",
    ),
    "repeat_interleave": row(
        "repeat_interleave",
        "X",
        "Out",
        "repeats=Repeats:int axis=dim:int output_size:long",
    ),
    "reshape": row("reshape2", "X shape:ints/Shape/ShapeTensor", "Out XShape"),
    "reverse": row("reverse", "X axis:ints", "Out"),
    "roll": row("roll", "X shifts:longs/ShiftsTensor", "Out", "axis:longs"),
    "sequence_mask": row("sequence_mask", "X maxlen:int/MaxLenTensor", "Y", "out_dtype:type"),
    "slice": row(
        "slice",
        "Input starts:bounds/StartsTensor/StartsTensorList ends:bounds/EndsTensor/EndsTensorList",
        "Out",
        "axes:ints infer_flags:ints decrease_axis:ints",
    ),
    "split": row("split", "X sections:ints//SectionsTensorList axis:int/AxisTensor", "Out", num=0),
    "split_with_num": row("split", "X axis:int/AxisTensor", "Out", "num:int", sections=()),
    "squeeze": row("squeeze2", "X axes:ints", "Out XShape"),
    "stack": row("stack", "X", "Y", "axis:int"),
    "strided_slice": row(
        "strided_slice",
        "Input starts:bounds/StartsTensor/StartsTensorList ends:bounds/EndsTensor/EndsTensorList "
        "strides:ints/StridesTensor/StridesTensorList",
        "Out",
        "axes:ints",
        completion="strided_slice",
    ),
    "tile": row("tile", "X repeat_times:ints/RepeatTimes/repeat_times_tensor", "Out"),
    "transpose": row("transpose2", "X", "Out XShape", "perm=axis:ints"),
    "tril": row("tril_triu", "X", "Out", "diagonal:int", lower=True),
    "tril_indices": row(
        "tril_indices",
        "",
        "out",
        "rows:int cols:int offset:int dtype:type place!",
    ),
    "triu": row("tril_triu", "X", "Out", "diagonal:int", lower=False),
    "triu_indices": row("triu_indices", "", "out", "row:int col:int offset:int dtype:type place!"),
    "unbind": row("unbind", "X", "Out", "axis:int"),
    "unsqueeze": row("unsqueeze2", "X axes:ints/AxesTensor/AxesTensorList", "Out XShape"),
    "unstack": row("unstack", "X", "Y", "axis:int num:int"),
    "view_shape": row("view_shape", "input", "out", "dims:longs"),
}
