"""Operators of object detectors, between feature maps and boxes."""

from __future__ import annotations

from edgeslim.ops._channel_rules import count_places
from edgeslim.ops._kind import OperatorKind

__all__ = ["KINDS"]

KINDS = (
    OperatorKind(
        kind="box_coder",
        slots=("PriorBox", "PriorBoxVar", "TargetBox"),
        outputs=("OutputBox",),
        attributes={
            "code_type": "encode_center_size",
            "box_normalized": True,
            "axis": 0,
            "variance": (0.0,),
        },
    ),
    OperatorKind(
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
        row_limit="keep_top_k",
    ),
    OperatorKind(
        kind="prior_box",
        slots=("Input", "Image"),
        outputs=("Boxes", "Variances"),
        attributes={
            "min_sizes": (1.0,),
            "max_sizes": (1.0,),
            "aspect_ratios": (1.0,),
            "variances": (0.1, 0.1, 0.2, 0.2),
            "flip": False,
            "clip": False,
            "step_h": 0.0,
            "step_w": 0.0,
            "offset": 0.5,
            "min_max_aspect_ratios_order": False,
        },
        channels=count_places,
    ),
    OperatorKind(
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
    ),
)
