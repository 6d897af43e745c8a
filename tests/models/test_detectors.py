"""The two detectors: their form, the names that people prune by, and what Paddle-Lite makes of
them. Names are those of PaddlePaddle/models at 9aefcdc84."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import paddle
import pytest

from edgeslim.channels.choice import choose_groups
from edgeslim.channels.groups import channels_of
from edgeslim.conversion.model_source import LayerModel, find_model
from edgeslim.conversion.optimized import optimize, unfused_graph
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.execution import Target
from edgeslim.models import MODELS
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.training.detection.heads import HEADS
from tests.lite.runtime import outputs_in_paddle_lite
from tests.tools import require_module

pytestmark = pytest.mark.slow

SSD = "ssd-mobilenet-v1"
YOLO = "yolov3-mobilenet-v1"

# PaddleSlim/ssd/compress.yaml
SSD_PRUNED = "conv2d_[1-9].w_0|conv2d_1[0-2].w_0"

# PaddleCV/PaddleDetection/slim/prune/yolov3_mobilenet_v1_slim.yaml
YOLO_PRUNED = [
    "conv2_1_sep_weights",
    "conv2_2_sep_weights",
    "conv3_1_sep_weights",
    "conv4_1_sep_weights",
    *(f"conv5_{number}_sep_weights" for number in range(1, 7)),
    *(f"yolo_block.0.{place}.conv.weights" for place in ("0.0", "0.1", "1.0", "1.1")),
    *(f"yolo_block.1.{place}.conv.weights" for place in ("0.0", "0.1", "1.0", "1.1", "2")),
    *(f"yolo_block.2.{place}.conv.weights" for place in ("0.0", "0.1", "1.1", "2", "tip")),
]


@cache
def shapes(name: str) -> dict[str, tuple[int, ...]]:
    parameters = MODELS.get(name).for_classes().parameters()
    found = {parameter.name: tuple(parameter.shape) for parameter in parameters}
    assert len(found) == len(parameters)
    return found


def test_ssd_convolutions_are_numbered_as_paddle_numbered_them() -> None:
    """The list of PaddleSlim/ssd/README.md, and what follows it in the original's code."""
    found = shapes(SSD)
    assert found["conv2d_0.w_0"] == (32, 3, 3, 3)
    wide = [64, 128, 128, 256, 256, *[512] * 6, 1024, 1024]
    narrow = [32, *wide[:-1]]
    for number, (channels, read) in enumerate(zip(wide, narrow, strict=True), start=1):
        assert found[f"conv2d_{number}.w_0"] == (channels, read, 1, 1)
        assert found[f"depthwise_conv2d_{number - 1}.w_0"] == (read, 1, 3, 3)
    assert found["conv2d_14.w_0"] == (256, 1024, 1, 1)
    assert found["conv2d_21.w_0"] == (128, 64, 3, 3)
    assert found["conv2d_22.w_0"] == (3 * 4, 512, 1, 1)
    assert found["conv2d_23.w_0"] == (3 * 21, 512, 1, 1)
    assert found["conv2d_33.b_0"] == (6 * 21,)
    norms = [name for name in found if name.startswith("batch_norm_")]
    assert sorted(norms) == sorted(
        f"batch_norm_{number}.{part}"
        for number in range(35)
        for part in ("w_0", "b_0", "w_1", "w_2")
    )
    assert found["batch_norm_1.w_2"] == (32,)
    assert found["batch_norm_2.w_2"] == (64,)
    assert len(found) == 34 + 13 + 12 + 4 * 35


def test_the_published_expression_for_ssd_finds_twelve() -> None:
    found = [name for name in shapes(SSD) if re.match(SSD_PRUNED, name)]
    assert found == [f"conv2d_{number}.w_0" for number in range(1, 13)]


def test_the_published_names_of_yolov3_are_there() -> None:
    assert len(YOLO_PRUNED) == len(set(YOLO_PRUNED)) == 24
    found = shapes(YOLO)
    assert set(YOLO_PRUNED) <= set(found)
    assert {
        "conv1_bn_variance",
        "yolo_block.0.tip.bn.var",
        "yolo_block.1.2.bn.scale",
        "yolo_block.2.1.0.bn.offset",
        "yolo_output.2.conv.bias",
        "yolo_transition.0.conv.weights",
        "yolo_transition.1.bn.mean",
    } <= set(found)
    assert found["yolo_block.1.0.0.conv.weights"] == (256, 768, 1, 1)
    assert found["yolo_block.2.0.0.conv.weights"] == (128, 384, 1, 1)


def test_yolov3_costs_what_was_published() -> None:
    """40.49 "GFLOPs" at 608x608 on VOC and 0.86 more on COCO, which has 60 classes more.

    They are two for a multiply-accumulate, and in units of 2^30, as that difference shows.
    """
    places = sum(channels * (608 // scale) ** 2 for channels, scale in ((1024, 32), (512, 16)))
    places += 256 * (608 // 8) ** 2
    assert 2 * 3 * 60 * places / 2**30 == pytest.approx(0.86, abs=0.01)
    counted = 2 * 21_694_656_000 / 2**30
    assert counted == pytest.approx(40.49, rel=0.005)


@pytest.mark.parametrize(
    ("name", "expression", "count"), [(SSD, SSD_PRUNED, 12), (YOLO, "|".join(YOLO_PRUNED), 24)]
)
def test_what_was_pruned_can_be(name: str, expression: str, count: int, tmp_path: Path) -> None:
    """Each published name leads to channels of its own that are free to go."""
    net = MODELS.get(name).for_classes()
    model = prepare_layer(net, (1, 3, 64, 64), tmp_path / "model", name=name)
    groups = choose_groups(channels_of(unfused_graph(model)), list(shapes(name)), expression)
    assert len(set(groups)) == count


def test_outputs() -> None:
    ssd, yolo = (MODELS.get(name).build(7) for name in (SSD, YOLO))
    ssd.eval()
    yolo.eval()
    for side in (96, 160):
        images = paddle.zeros([2, 3, side, side])
        boxes, classes = ssd(images)
        assert (boxes.shape[0], boxes.shape[2], classes.shape[2]) == (2, 4, 7)
        assert boxes.shape[1] == classes.shape[1]
        expected = [[2, 3 * (5 + 7), side // scale, side // scale] for scale in (32, 16, 8)]
        assert [each.shape for each in yolo(images)] == expected


@pytest.mark.parametrize("classes", [None, 3])
@pytest.mark.parametrize("name", [SSD, YOLO])
def test_found_by_name_with_the_classes_of_voc_or_of_a_task(name: str, classes: int | None) -> None:
    source = find_model(name, num_classes=classes)
    assert isinstance(source, LayerModel)
    assert source.input_shape == MODELS.get(name).input_shape
    net = source.build()
    net.eval()
    shapes = [tuple(each.shape) for each in net(paddle.zeros([1, 3, 64, 64]))]
    head = HEADS.get("ssd" if name == SSD else "yolov3")
    assert head.recognises(shapes, (64, 64))
    assert head.num_classes(shapes) == (classes or 20)


@pytest.mark.parametrize("name", [SSD, YOLO])
def test_paddle_lite_computes_what_paddle_does(name: str, tmp_path: Path) -> None:
    require_module("paddlelite")
    shape = (1, 3, 160, 160)
    net = MODELS.get(name).build(21)
    net(paddle.randn([4, 3, 96, 96]))  # statistics that fusing cannot get wrong unseen
    model = prepare_layer(net, shape, tmp_path / "model", name=name)
    file = optimize(model, Target.X86, tmp_path / "optimized")
    images = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    expected = run_in_paddle(model.prefix, {next(iter(model.graph.feeds)): images})
    (found,) = outputs_in_paddle_lite({file.path: images})
    for given, wanted in zip(found, expected, strict=True):
        largest = np.abs(wanted).max()
        np.testing.assert_allclose(given, wanted, atol=1e-4 * largest, rtol=0)
