"""Images of another size: interpolated, padded, or of channels laid out as pixels."""

from __future__ import annotations

from edgeslim.ops._channel_rules import pixel_shuffle, spatial
from edgeslim.ops._kind import OperatorKind

__all__ = ["KINDS"]

KINDS = (
    *(
        OperatorKind(
            kind=f"{method}_interp_v2",
            slots=("X", "OutSize", "SizeTensor", "Scale"),
            attributes={
                "interp_method": method,
                "align_corners": True,
                "align_mode": 1,
                "data_layout": "NCHW",
                "out_h": -1,
                "out_w": -1,
                "scale": (1.0,),
            },
            channels=spatial,
        )
        for method in ("bilinear", "nearest")
    ),
    OperatorKind(
        kind="pad2d",
        attributes={
            "mode": "constant",
            "paddings": (0, 0, 0, 0),
            "pad_value": 0.0,
            "data_format": "NCHW",
        },
        channels=spatial,
    ),
    # Volumes; images too, given a third axis.
    OperatorKind(
        kind="pad3d",
        attributes={
            "mode": "constant",
            "paddings": (0, 0, 0, 0, 0, 0),
            "value": 0.0,
            "data_format": "NCDHW",
        },
        channels=spatial,
    ),
    OperatorKind(kind="pixel_shuffle", attributes={"upscale_factor": 1}, channels=pixel_shuffle),
)
