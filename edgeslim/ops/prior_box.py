"""Boxes of some sizes and shapes around each place of a feature map."""

from __future__ import annotations

from edgeslim.ops._channel_rules import over_places
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
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
    channels=over_places,
)
