"""``scale * x + bias``, or ``scale * (x + bias)``."""

from __future__ import annotations

from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="scale",
    slots=("X",),
    attributes={"scale": 1.0, "bias": 0.0, "bias_after_scale": True},
)
