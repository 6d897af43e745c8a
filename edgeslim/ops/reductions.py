"""Operators that make one element, or the largest few, of those along an axis."""

from __future__ import annotations

from edgeslim.ops._channel_rules import across_axes
from edgeslim.ops._kind import OperatorKind

__all__ = ["KINDS"]

KINDS = (
    OperatorKind(
        kind="arg_max",
        attributes={"axis": -1, "dtype": -1, "flatten": False, "keepdims": False},
        long_attributes=frozenset({"axis"}),
        channels=across_axes,
    ),
    *(
        OperatorKind(
            kind=f"reduce_{function}",
            attributes={"dim": (0,), "keep_dim": False, "reduce_all": False},
            channels=across_axes,
        )
        for function in ("max", "mean", "min", "sum")
    ),
    OperatorKind(
        kind="top_k_v2",
        outputs=("Out", "Indices"),
        attributes={"axis": -1, "k": 1, "largest": True, "sorted": True},
        channels=across_axes,
    ),
)
