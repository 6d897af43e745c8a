"""Dropout at inference: nothing, or a constant factor."""

from __future__ import annotations

from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="dropout",
    slots=("X",),
    scratch=("Mask",),
    attributes={
        "dropout_implementation": "downgrade_in_infer",
        "dropout_prob": 0.5,
        "is_test": True,
        "fix_seed": False,
        "seed": 0,
    },
)
