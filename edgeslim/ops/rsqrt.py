"""One over the square root."""

from __future__ import annotations

from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="rsqrt",
    slots=("X",),
    positive=True,
)
