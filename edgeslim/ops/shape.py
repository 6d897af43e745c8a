"""Extents of a tensor as a tensor."""

from __future__ import annotations

from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="shape",
    slots=("Input",),
)
