"""Dropout at inference: nothing, or a constant factor."""

from __future__ import annotations

from edgeslim.ops._channel_rules import pointwise
from edgeslim.ops._kind import OperatorKind
from edgeslim.opspec import OpSpec

__all__ = ["KIND"]


def _is_identity(spec: OpSpec) -> bool:
    return spec.attributes["dropout_implementation"] == "upscale_in_train"


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
    vanishes=_is_identity,
    channels=pointwise,
)
