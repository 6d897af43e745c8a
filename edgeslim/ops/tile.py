"""Repetition along each axis."""

from __future__ import annotations

from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="tile",
    slots=("X",),
    attributes={"repeat_times": (1,)},
)
