"""Boxes and scores that a YOLO head stands for."""

from __future__ import annotations

from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="yolo_box",
    slots=("X", "ImgSize"),
    outputs=("Boxes", "Scores"),
    attributes={
        "anchors": (1, 1),
        "class_num": 1,
        "clip_bbox": True,
        "conf_thresh": 0.01,
        "downsample_ratio": 32,
        "iou_aware": False,
        "iou_aware_factor": 0.5,
        "scale_x_y": 1.0,
    },
    constants={"ImgSize": 416},
)
