"""Networks of `paddle.vision` as functions that edgeslim takes: ``vision_models.py:name``."""

from __future__ import annotations

import paddle
from paddle.vision.models import (
    densenet121,
    googlenet,
    mobilenet_v1,
    mobilenet_v2,
    mobilenet_v3_large,
    mobilenet_v3_small,
    resnet18,
    resnet50,
    shufflenet_v2_x1_0,
    squeezenet1_1,
)

__all__ = [
    "densenet121",
    "googlenet",
    "mobilenet_v1",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "resnet18",
    "resnet50",
    "shufflenet_v2_x1_0",
    "squeezenet1_1",
]

paddle.seed(0)
