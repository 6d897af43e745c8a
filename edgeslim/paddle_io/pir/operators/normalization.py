"""Normalization and dropout."""

from __future__ import annotations

from edgeslim.paddle_io.pir.rows import Row, row

__all__ = ["ROWS"]

_BATCH_NORM = (
    "is_test:bool momentum:float epsilon:float data_format=data_layout:str "
    "use_global_stats:bool trainable_statistics:bool"
)

ROWS: dict[str, Row] = {
    "affine_channel": row("affine_channel", "X Scale Bias", "Out", "data_layout:str"),
    "batch_norm": row(
        "batch_norm",
        "X Mean Variance Scale Bias",
        "Y MeanOut=Mean VarianceOut=Variance SavedMean SavedVariance -",
        _BATCH_NORM,
        completion="evaluation",
    ),
    "dropout": row(
        "dropout",
        "X - dropout_prob:float",
        "Out Mask",
        "is_test:bool mode=dropout_implementation:str seed! fix_seed!",
        completion="evaluation",
    ),
    "frobenius_norm": row(
        "frobenius_norm",
        "X dim:ints",
        "Out",
        "keep_dim:bool reduce_all:bool",
        in_dtype=-1,
        out_dtype=-1,
    ),
    "group_norm": row(
        "group_norm",
        "X Scale Bias",
        "Y Mean Variance",
        "epsilon:float groups:int data_format=data_layout:str",
    ),
    "instance_norm": row(
        "instance_norm",
        "X Scale Bias",
        "Y SavedMean SavedVariance",
        "epsilon:float",
    ),
    "l1_norm": row("l1_norm", "X", "Out"),
    "layer_norm": row(
        "layer_norm",
        "X Scale Bias",
        "Y Mean Variance",
        "epsilon:float begin_norm_axis:int",
    ),
    "lrn": row("lrn", "X", "Out MidOut", "n:int k:float alpha:float beta:float data_format:str"),
    "norm": row("norm", "X", "Out Norm", "axis:int epsilon:float is_test:bool"),
    "p_norm": row(
        "p_norm",
        "X",
        "Out",
        "porder:float axis:int epsilon:float keepdim:bool asvector:bool",
    ),
    "renorm": row("renorm", "X", "Out", "p:float axis:int max_norm:float"),
    "rms_norm": row("rms_norm", "x scale", "y invvar", "normalized_shape:longs epsilon:float64"),
    "spectral_norm": row("spectral_norm", "Weight U V", "Out", "dim:int power_iters:int eps:float"),
    "squared_l2_norm": row("squared_l2_norm", "X", "Out"),
    "sync_batch_norm": row(
        "batch_norm",
        "X Mean Variance Scale Bias",
        "Y MeanOut=Mean VarianceOut=Variance SavedMean SavedVariance -",
        _BATCH_NORM,
        completion="evaluation",
    ),
}
