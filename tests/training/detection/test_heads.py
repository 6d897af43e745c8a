"""Losses and boxes of both heads against Paddle's own operators and against plain loops."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import paddle
import pytest
from paddle.vision import ops

from edgeslim.training.detection import anchors
from edgeslim.training.detection.boxes import overlaps
from edgeslim.training.detection.heads.ssd import HEAD as SSD
from edgeslim.training.detection.heads.yolov3 import HEAD as YOLOV3
from edgeslim.training.detection.heads.yolov3 import YoloV3
from edgeslim.training.detection.matching import match
from edgeslim.training.detection.mean_average_precision import Area, MeanAveragePrecision, Truths
from edgeslim.training.detection.prior_boxes import decode, encode, prior_boxes
from tests.training.detection.made_up import random_boxes, random_targets

pytestmark = pytest.mark.slow

SIDES = [96, 160]
CLASSES = 5
IMAGES = 3
MOST = 6


def tensors(arrays: Any) -> list[Any]:
    return [paddle.to_tensor(each, stop_gradient=False) for each in arrays]


def gradients(loss: Any, outputs: list[Any]) -> list[Any]:
    loss.backward()
    found = [each.grad.numpy().copy() for each in outputs]
    for each in outputs:
        each.clear_grad()
    return found


def random_outputs(head: Any, rng: np.random.Generator, side: int) -> list[Any]:
    if head is SSD:
        count = len(prior_boxes((side, side)))
        shapes: list[tuple[int, ...]] = [(IMAGES, count, 4), (IMAGES, count, CLASSES + 1)]
    else:
        depth = 3 * (5 + CLASSES)
        shapes = [(IMAGES, depth, side // each, side // each) for each in anchors.STRIDES]
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def test_prior_boxes_are_those_of_the_operator_with_the_numbers_of_the_original() -> None:
    smallest = [60.0, 105.0, 150.0, 195.0, 240.0, 285.0]
    largest = [[], [150.0], [195.0], [240.0], [285.0], [300.0]]
    ratios = [[2.0], *[[2.0, 3.0]] * 5]
    image = paddle.zeros([1, 3, 300, 300])
    found = []
    for side, low, high, shapes in zip(
        (19, 10, 5, 3, 2, 1), smallest, largest, ratios, strict=True
    ):
        features = paddle.zeros([1, 8, side, side])
        made, _ = ops.prior_box(features, image, [low], high or None, shapes, flip=True, offset=0.5)
        found.append(made.numpy().reshape(-1, 4))
    np.testing.assert_allclose(prior_boxes((300, 300)), np.concatenate(found), atol=1e-6)


def test_differences_are_those_of_the_operator() -> None:
    priors = prior_boxes((96, 96)).astype(np.float32)
    some = random_boxes(np.random.default_rng(0), (7,))
    coded = ops.box_coder(
        paddle.to_tensor(priors), [0.1, 0.1, 0.2, 0.2], paddle.to_tensor(some)
    ).numpy()
    for box, differences in zip(some, coded, strict=True):
        np.testing.assert_allclose(encode(box[None], priors), differences, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(decode(coded, priors)[:, 0], some, atol=1e-5)


def ssd_loss_by_loops(
    locations: Any, confidences: Any, boxes: Any, classes: Any, side: int
) -> float:
    priors = prior_boxes((side, side))
    total, positives = 0.0, 0
    for image in range(len(boxes)):
        real = [place for place in range(MOST) if classes[image, place] >= 0]
        shares = overlaps(boxes[image][real], priors)
        labels = dict.fromkeys(range(len(priors)), -1)
        for prior in range(len(priors)):
            if real and shares[:, prior].max() >= 0.5:
                labels[prior] = int(shares[:, prior].argmax())
        left = shares.copy()
        for _ in real:
            truth, prior = divmod(int(left.argmax()), len(priors))
            labels[prior] = truth
            left[truth], left[:, prior] = 0, 0
        negative = []
        for prior, truth in labels.items():
            scores = confidences[image, prior].astype(float)
            kind = 0 if truth < 0 else classes[image, real[truth]] + 1
            entropy = math.log(sum(math.exp(each) for each in scores)) - scores[kind]
            if truth < 0:
                negative.append(entropy)
                continue
            positives += 1
            total += entropy
            wanted = encode(boxes[image, real[truth]][None], priors[prior][None])[0]
            for said, right in zip(locations[image, prior], wanted, strict=True):
                error = abs(float(said) - right)
                total += error**2 / 2 if error < 1 else error - 0.5
        count = 3 * sum(truth >= 0 for truth in labels.values())
        total += sum(sorted(negative, reverse=True)[:count])
    return total / positives


@pytest.mark.parametrize("side", SIDES)
def test_ssd_loss_is_that_of_plain_loops(side: int) -> None:
    rng = np.random.default_rng(side)
    outputs = random_outputs(SSD, rng, side)
    locations, confidences = outputs
    boxes, classes = random_targets(rng, IMAGES, MOST, CLASSES)
    loss = SSD.loss(tensors(outputs), tensors((boxes, classes)), (side, side))
    by_loops = ssd_loss_by_loops(locations, confidences, boxes, classes, side)
    assert float(loss) == pytest.approx(by_loops, rel=1e-5)


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("side", SIDES)
def test_yolov3_loss_and_its_gradients_are_those_of_the_operator(side: int, smooth: bool) -> None:
    rng = np.random.default_rng(side)
    outputs = tensors(random_outputs(YOLOV3, rng, side))
    boxes, classes = random_targets(rng, IMAGES, MOST, CLASSES)
    loss = YoloV3(smooth_labels=smooth).loss(outputs, tensors((boxes, classes)), (side, side))
    ours = gradients(loss, outputs)
    centred = np.concatenate(
        [(boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]], -1
    )
    anchor_numbers = anchors.ANCHORS[::-1].reshape(-1).tolist()
    expected = sum(
        ops.yolo_loss(
            output,
            paddle.to_tensor(centred),
            paddle.to_tensor(np.maximum(classes, 0).astype(np.int32)),
            anchor_numbers,
            mask,
            CLASSES,
            ignore_thresh=0.7,
            downsample_ratio=stride,
            use_label_smooth=smooth,
        ).mean()
        for output, mask, stride in zip(
            outputs, ([6, 7, 8], [3, 4, 5], [0, 1, 2]), anchors.STRIDES, strict=True
        )
    )
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)
    for mine, theirs in zip(ours, gradients(expected, outputs), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_boxes_that_nearly_find_an_object_learn_no_objectness() -> None:
    """What the ignored overlap is for; random outputs rarely come near."""
    side, box = 96, np.array([[[0.25, 0.25, 0.75, 0.75]]], np.float32)
    outputs = [np.zeros((1, 18, side // each, side // each), np.float32) for each in (32, 16, 8)]
    ((image, anchor, row, column),) = anchors.assign(box, np.ones((1, 1), bool), (side, side))[
        1
    ].cells
    near = int(anchor + 1) % 3
    find_growth = np.log(48 / anchors.ANCHORS[1][near])
    outputs[1][image, near * 6 + 2 : near * 6 + 4, row, column] = find_growth
    outputs[1][image, near * 6 : near * 6 + 2, row, column] = -9  # the corner, where the centre is
    targets = tensors((box, np.zeros((1, 1), np.int64)))
    read = tensors(outputs)
    (_, middle, _) = gradients(YOLOV3.loss(read, targets, (side, side)), read)
    assert middle[image, near * 6 + 4, row, column] == 0
    assert middle[image, int(anchor) * 6 + 4, row, column] < 0
    objectness = middle[0, 4::6]
    assert (objectness > 0).sum() == objectness.size - 2


@pytest.mark.parametrize("side", SIDES)
def test_yolov3_boxes_and_scores_are_those_of_the_operator(side: int) -> None:
    rng = np.random.default_rng(side)
    outputs = random_outputs(YOLOV3, rng, side)
    for number, (output, stride) in enumerate(zip(outputs, anchors.STRIDES, strict=True)):
        wanted_boxes, wanted_scores = ops.yolo_box(
            paddle.to_tensor(output),
            paddle.to_tensor(np.full((IMAGES, 2), side, np.int32)),
            anchors.ANCHORS[number].reshape(-1).tolist(),
            CLASSES,
            conf_thresh=0.0,
            downsample_ratio=stride,
            clip_bbox=False,
        )
        numbers = output.reshape(IMAGES, 3, 5 + CLASSES, side // stride, -1).transpose(
            0, 1, 3, 4, 2
        )
        found = anchors.decode(numbers, number, (side, side)).reshape(IMAGES, -1, 4)
        np.testing.assert_allclose(found * side, wanted_boxes.numpy(), rtol=1e-4, atol=1e-3)
        (detections, *_) = YOLOV3.detections(outputs, (side, side))
        assert detections.scores.max() >= wanted_scores.numpy()[0].max() - 1e-6


def perfect_ssd(boxes: Any, classes: Any, side: int, sure: float) -> list[Any]:
    """What SSD must say to be right."""
    priors = prior_boxes((side, side))
    locations = np.zeros((len(boxes), len(priors), 4), np.float32)
    confidences = np.zeros((len(boxes), len(priors), CLASSES + 1), np.float32)
    confidences[..., 0] = sure
    for image, kinds in enumerate(classes):
        real = kinds >= 0
        matched = match(boxes[image, real], priors)
        for prior in np.flatnonzero(matched >= 0):
            truth = boxes[image, real][matched[prior]]
            locations[image, prior] = encode(truth[None], priors[prior][None])
            confidences[image, prior] = 0
            confidences[image, prior, kinds[real][matched[prior]] + 1] = sure
    return [locations, confidences]


def perfect_yolov3(boxes: Any, classes: Any, side: int, sure: float) -> list[Any]:
    depth = 5 + CLASSES
    made = []
    for number, mine in enumerate(anchors.assign(boxes, classes >= 0, (side, side))):
        cells = side // anchors.STRIDES[number]
        raw = np.full((len(boxes), 3, cells, cells, depth), -sure, np.float32)
        truths = boxes[tuple(mine.truths.T)]
        wanted = anchors.encode(truths, mine.cells, number, (side, side))
        share = np.clip(wanted[:, :2], 1e-6, 1 - 1e-6)
        wanted[:, :2] = np.log(share / (1 - share))
        for place, numbers, which in zip(mine.cells, wanted, mine.truths, strict=True):
            raw[tuple(place)][:4] = numbers
            raw[tuple(place)][4] = sure
            raw[tuple(place)][5 + classes[tuple(which)]] = sure
        made.append(raw.transpose(0, 1, 4, 2, 3).reshape(len(boxes), 3 * depth, cells, cells))
    return made


APART = np.array(
    [
        [[0.1, 0.1, 0.3, 0.32], [0.6, 0.55, 0.9, 0.9]],
        [[0.05, 0.6, 0.5, 0.95], [0, 0, 0, 0]],
    ],
    np.float32,
)
KINDS = np.array([[0, 4], [2, -1]])
HEADS = [(SSD, perfect_ssd), (YOLOV3, perfect_yolov3)]


@pytest.mark.parametrize(("head", "perfect"), HEADS, ids=["ssd", "yolov3"])
def test_what_is_taught_is_found(head: Any, perfect: Any) -> None:
    outputs = perfect(APART, KINDS, 160, 12.0)
    assert head.recognises([each.shape for each in outputs], (160, 160))
    assert head.num_classes([each.shape for each in outputs]) == CLASSES
    metric = MeanAveragePrecision(Area.INTEGRAL)
    for found, boxes, kinds in zip(head.detections(outputs, (160, 160)), APART, KINDS, strict=True):
        real = kinds >= 0
        metric.add(
            found,
            Truths(boxes=boxes[real], classes=kinds[real], difficult=np.zeros(real.sum(), bool)),
        )
        sure = found.scores > 0.5
        assert sorted(found.classes[sure]) == sorted(kinds[real])
        for box, kind in zip(found.boxes[sure], found.classes[sure], strict=True):
            np.testing.assert_allclose(box, boxes[kinds == kind][0], atol=1e-4)
    assert metric.value() == 1.0
    assert set(metric.by_class()) == {0, 2, 4}


@pytest.mark.parametrize(("head", "perfect"), HEADS, ids=["ssd", "yolov3"])
def test_the_loss_is_least_where_everything_is_right(head: Any, perfect: Any) -> None:
    rng = np.random.default_rng(0)
    targets = tensors((APART, KINDS))
    outputs = perfect(APART, KINDS, 160, 12.0)
    right = float(head.loss(tensors(outputs), targets, (160, 160)))
    surer = perfect(APART, KINDS, 160, 30.0)
    assert float(head.loss(tensors(surer), targets, (160, 160))) < right
    for scale in (0.3, 1.0, 3.0):
        changed = [
            each + scale * rng.standard_normal(each.shape).astype(np.float32) for each in outputs
        ]
        wrong = float(head.loss(tensors(changed), targets, (160, 160)))
        assert wrong > right
        right = wrong


@pytest.mark.parametrize("head", [SSD, YOLOV3], ids=["ssd", "yolov3"])
def test_a_batch_without_objects_gives_a_number(head: Any) -> None:
    rng = np.random.default_rng(0)
    outputs = tensors(random_outputs(head, rng, 96))
    nothing = tensors((np.zeros((IMAGES, 1, 4), np.float32), np.full((IMAGES, 1), -1)))
    loss = head.loss(outputs, nothing, (96, 96))
    assert float(loss) == 0 if head is SSD else float(loss) > 1
    loss.backward()
    taught = [each.grad.numpy() for each in outputs if each.grad is not None]
    assert taught
    assert all(np.isfinite(each).all() for each in taught)


@pytest.mark.parametrize("head", [SSD, YOLOV3], ids=["ssd", "yolov3"])
def test_wild_numbers_are_survived(head: Any) -> None:
    """Networks pruned too far say anything that is a number."""
    rng = np.random.default_rng(0)
    outputs = [1e4 * each for each in random_outputs(head, rng, 96)]
    for found in head.detections(outputs, (96, 96)):
        assert np.isfinite(found.boxes).all()
        assert ((found.boxes >= 0) & (found.boxes <= 1)).all()
        assert np.isfinite(found.scores).all()
