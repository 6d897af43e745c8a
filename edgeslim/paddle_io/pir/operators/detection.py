"""Detection: anchors, proposals, suppression of boxes, pooling of regions."""

from __future__ import annotations

from edgeslim.paddle_io.pir.rows import Row, row

__all__ = ["ROWS"]

ROWS: dict[str, Row] = {
    "anchor_generator": row(
        "anchor_generator",
        "Input",
        "Anchors Variances",
        "anchor_sizes:floats aspect_ratios:floats variances:floats stride:floats offset:float",
    ),
    "bipartite_match": row(
        "bipartite_match",
        "DistMat",
        "ColToRowMatchIndices ColToRowMatchDist",
        "match_type:str dist_threshold:float",
    ),
    "box_clip": row("box_clip", "Input ImInfo", "Output"),
    "box_coder": row(
        "box_coder",
        "PriorBox PriorBoxVar TargetBox",
        "OutputBox",
        "code_type:str box_normalized:bool axis:int variance:floats",
    ),
    "collect_fpn_proposals": row(
        "collect_fpn_proposals",
        "MultiLevelRois MultiLevelScores MultiLevelRoIsNum",
        "FpnRois RoisNum",
        "post_nms_topn=post_nms_topN:int",
    ),
    "distribute_fpn_proposals": row(
        "distribute_fpn_proposals",
        "FpnRois RoisNum",
        "MultiFpnRois MultiLevelRoIsNum RestoreIndex",
        "min_level:int max_level:int refer_level:int refer_scale:int pixel_offset:bool",
    ),
    "generate_proposals": row(
        "generate_proposals_v2",
        "Scores BboxDeltas ImShape Anchors Variances",
        "RpnRois RpnRoiProbs RpnRoisNum",
        "pre_nms_top_n=pre_nms_topN:int post_nms_top_n=post_nms_topN:int "
        "nms_thresh:float min_size:float eta:float pixel_offset:bool",
    ),
    "matrix_nms": row(
        "matrix_nms",
        "BBoxes Scores",
        "Out Index RoisNum",
        "score_threshold:float nms_top_k:int keep_top_k:int post_threshold:float "
        "use_gaussian:bool gaussian_sigma:float background_label:int normalized:bool",
    ),
    "multiclass_nms3": row(
        "multiclass_nms3",
        "BBoxes Scores RoisNum",
        "Out Index NmsRoisNum",
        "score_threshold:float nms_top_k:int keep_top_k:int nms_threshold:float "
        "normalized:bool nms_eta:float background_label:int",
    ),
    "nms": row("nms", "Boxes", "KeepBoxesIdxs", "threshold=iou_threshold:float"),
    "prior_box": row(
        "prior_box",
        "Input Image",
        "Boxes Variances",
        "min_sizes:floats max_sizes:floats aspect_ratios:floats variances:floats "
        "flip:bool clip:bool step_w:float step_h:float offset:float "
        "min_max_aspect_ratios_order:bool",
    ),
    "psroi_pool": row(
        "psroi_pool",
        "X ROIs RoisNum",
        "Out",
        "pooled_height:int pooled_width:int output_channels:int spatial_scale:float",
    ),
    "roi_align": row(
        "roi_align",
        "X ROIs RoisNum",
        "Out",
        "pooled_height:int pooled_width:int spatial_scale:float sampling_ratio:int aligned:bool",
    ),
    "roi_pool": row(
        "roi_pool",
        "X ROIs RoisNum",
        "Out Argmax",
        "pooled_height:int pooled_width:int spatial_scale:float",
    ),
    "yolo_box": row(
        "yolo_box",
        "X ImgSize",
        "Boxes Scores",
        "anchors:ints class_num:int conf_thresh:float downsample_ratio:int "
        "clip_bbox:bool scale_x_y:float iou_aware:bool iou_aware_factor:float",
    ),
    "yolo_box_head": row("yolo_box_head", "X", "Out", "anchors:ints class_num:int"),
    "yolo_box_post": row(
        "yolo_box_post",
        "Boxes0 Boxes1 Boxes2 ImageShape ImageScale",
        "Out NmsRoisNum",
        "anchors0:ints anchors1:ints anchors2:ints class_num:int conf_thresh:float "
        "downsample_ratio0:int downsample_ratio1:int downsample_ratio2:int "
        "clip_bbox:bool scale_x_y:float nms_threshold:float",
    ),
}
