"""Batch normalisation that no convolution took in."""

from __future__ import annotations

from edgeslim.ops._channel_rules import normalised
from edgeslim.ops._kind import OperatorKind, elements

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="batch_norm",
    slots=("X", "Scale", "Bias", "Mean", "Variance"),
    outputs=("Y",),
    scratch=("MeanOut", "VarianceOut", "SavedMean", "SavedVariance"),
    attributes={"epsilon": 1e-5, "momentum": 0.9, "is_test": True, "data_layout": "NCHW"},
    paddleslim1_flops=elements,
    channels=normalised,
)
