"""Normalization layers that no convolution took in."""

from __future__ import annotations

from edgeslim.ops._channel_rules import across_axes, per_channel
from edgeslim.ops._kind import OperatorKind, elements

__all__ = ["KINDS"]

_SLOTS = ("X", "Scale", "Bias")

KINDS = (
    OperatorKind(
        kind="batch_norm",
        slots=(*_SLOTS, "Mean", "Variance"),
        outputs=("Y",),
        scratch=("MeanOut", "VarianceOut", "SavedMean", "SavedVariance"),
        attributes={"epsilon": 1e-5, "momentum": 0.9, "is_test": True, "data_layout": "NCHW"},
        paddleslim1_flops=elements,
        channels=per_channel,
    ),
    OperatorKind(
        kind="group_norm",
        slots=_SLOTS,
        outputs=("Y",),
        scratch=("Mean", "Variance"),
        attributes={"groups": 1, "epsilon": 1e-5, "data_layout": "NCHW"},
        channels=across_axes,
    ),
    OperatorKind(
        kind="instance_norm",
        slots=_SLOTS,
        outputs=("Y",),
        scratch=("SavedMean", "SavedVariance"),
        attributes={"epsilon": 1e-5},
        channels=per_channel,
    ),
    OperatorKind(
        kind="layer_norm",
        slots=_SLOTS,
        outputs=("Y",),
        scratch=("Mean", "Variance"),
        attributes={"begin_norm_axis": 1, "epsilon": 1e-5},
        channels=across_axes,
    ),
)
