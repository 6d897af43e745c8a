"""Boxes that overlap better ones of their class left out.

How many are left is known only when it runs; its description is given as many rows as it
may leave.
"""

from __future__ import annotations

from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="multiclass_nms3",
    slots=("BBoxes", "Scores", "RoisNum"),
    outputs=("Out", "Index", "NmsRoisNum"),
    attributes={
        "background_label": 0,
        "keep_top_k": 100,
        "nms_eta": 1.0,
        "nms_threshold": 0.3,
        "nms_top_k": 100,
        "normalized": True,
        "score_threshold": 0.01,
    },
    most_rows="keep_top_k",
)
