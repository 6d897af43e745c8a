"""Spaces around published networks start with them, or as near as they can."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from edgeslim.conversion.optimized import unfused_graph
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.execution import Target
from edgeslim.fusion import fuse
from edgeslim.models import MODELS
from edgeslim.ops import macs
from edgeslim.opspec import OpSpec
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.spaces import SPACES

pytestmark = pytest.mark.slow

INPUT_SHAPE = (1, 3, 224, 224)


def fused(net: Any, folder: Path) -> Counter[OpSpec]:
    model = prepare_layer(net, INPUT_SHAPE, folder, name="published")
    return Counter(fuse(unfused_graph(model), Target.ARM).specs)


def start(name: str) -> Counter[OpSpec]:
    space = SPACES.get(name).space()
    return Counter(space.operators(space.initial_tokens, Target.ARM))


def test_resnet_starts_with_resnet18(tmp_path: Path) -> None:
    load_paddle()
    assert start("resnet") == fused(MODELS.get("resnet18").for_classes(), tmp_path / "net")


def test_mobilenet_v3_starts_with_the_large_one_but_for_two_layers(tmp_path: Path) -> None:
    published = load_paddle().vision.models.mobilenet_v3_large()
    theirs, ours = fused(published, tmp_path / "net"), start("mobilenet-v3")
    assert sum(macs([spec]) * count for spec, count in theirs.items()) > 215e6
    for counts in (theirs, ours):
        # It multiplies by its gates the other way round.
        for spec in [spec for spec in counts if spec.kind == "elementwise_mul"]:
            del counts[spec]
    others = list((ours - theirs).elements())
    # Two layers, each with an expansion, a depthwise convolution, its activation and the rest.
    assert len(others) == len(list((theirs - ours).elements())) == 2 * 4
    assert {200} <= {spec.output_shape[1] for spec in others} <= {200, 80}
