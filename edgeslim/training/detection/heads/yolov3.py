"""YOLOv3: at each cell of three maps, for three anchors, a box, whether it is one, and its class.

The loss is that of the original in PaddleDetection, which says more than the paper
(https://arxiv.org/abs/1804.02767): the object's anchor in the object's cell learns offset (by
cross-entropy), size (by its absolute error), objectness and classes (each by itself, by
cross-entropy); offset and size count more for small objects, by 2 minus the object's share of
the image. Everywhere else objectness learns 0, but where a box overlaps an object by more than
0.7. It is the sum over an image, and the mean over images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from edgeslim.picture_steps import BoxDecoding
from edgeslim.training.detection import anchors
from edgeslim.training.detection.boxes import Boxes, areas, overlaps
from edgeslim.training.detection.heads._head import NO_OBJECT, DetectorHead, ImageSize, Outputs
from edgeslim.training.detection.suppression import Detections, Suppression

if TYPE_CHECKING:
    from paddle import Tensor

    from edgeslim.opspec import Shape

__all__ = ["HEAD", "YoloV3"]

_OF_MAP = anchors.ANCHORS.shape[1]
_BEFORE_CLASSES = 5
_OBJECTNESS = 4
_CHANNELS = (_OF_MAP * (_BEFORE_CLASSES + 1), 1 << 31, _OF_MAP)
"""Range of what a map can have: a whole number for each anchor, and a class at least."""

_IGNORED_OVERLAP = 0.7
_MOST_SMOOTHED = 1 / 40
_SUPPRESSION = Suppression(least_score=0.01, most_overlap=0.45, of_class=1000, of_image=100)


class YoloV3:
    """YOLOv3's head.

    Args:
        smooth_labels: Whether classes are learnt towards nearly 1 and nearly 0, as in the
            original on COCO, but not on VOC.
    """

    def __init__(self, *, smooth_labels: bool = False) -> None:
        self._smooth_labels = smooth_labels

    def recognises(self, shapes: Sequence[Shape], image_size: ImageSize) -> bool:
        if len(shapes) != len(anchors.STRIDES) or any(len(shape) != 4 for shape in shapes):
            return False
        channels = {shape[1] for shape in shapes}
        sizes = [shape[2:] for shape in shapes]
        return (
            len(channels) == 1
            and channels.pop() in range(*_CHANNELS)
            and sizes
            == [tuple(side // stride for side in image_size) for stride in anchors.STRIDES]
        )

    def num_classes(self, shapes: Sequence[Shape]) -> int:
        return int(shapes[0][1] // _OF_MAP - _BEFORE_CLASSES)

    def loss(
        self, outputs: Sequence[Tensor], targets: Sequence[Tensor], image_size: ImageSize
    ) -> Tensor:
        boxes, classes = targets[0].numpy(), targets[1].numpy()
        assigned = anchors.assign(boxes, classes != NO_OBJECT, image_size)
        losses = []
        for number, output in enumerate(outputs):
            predicted = output.reshape([len(boxes), _OF_MAP, -1, *output.shape[2:]])
            predicted = predicted.transpose([0, 1, 3, 4, 2])
            wanted = _Wanted(
                number=number,
                image_size=image_size,
                boxes=boxes,
                classes=classes,
                assigned=assigned[number],
            )
            losses += [self._of_objects(predicted, wanted), _of_objectness(predicted, wanted)]
        return sum(losses) / len(boxes)

    def _of_objects(self, predicted: Tensor, wanted: _Wanted) -> Tensor:
        """Loss of offset, size and class of the objects of one map."""
        import paddle

        cells, which = wanted.assigned.cells, tuple(wanted.assigned.truths.T)
        if not len(cells):
            return paddle.zeros([])
        truths = wanted.boxes[which]
        encoded = anchors.encode(truths, cells, wanted.number, wanted.image_size)
        numbers = paddle.to_tensor(encoded.astype(np.float32))
        weights = paddle.to_tensor((2 - areas(truths))[:, None].astype(np.float32))
        found = paddle.gather_nd(predicted, paddle.to_tensor(cells))
        offset = _cross_entropies(found[:, :2], numbers[:, :2]) * weights
        size = (found[:, 2:4] - numbers[:, 2:]).abs() * weights
        labels = self._labels(wanted.classes[which], found.shape[1] - _BEFORE_CLASSES)
        kind = _cross_entropies(found[:, _BEFORE_CLASSES:], paddle.to_tensor(labels))
        return offset.sum() + size.sum() + kind.sum()

    def _labels(self, classes: NDArray[np.int64], count: int) -> NDArray[np.float32]:
        smoothing = min(1 / count, _MOST_SMOOTHED) if self._smooth_labels else 0.0
        labels = np.full((len(classes), count), smoothing, np.float32)
        labels[np.arange(len(classes)), classes] = 1 - smoothing
        return labels

    def detections(self, outputs: Outputs, image_size: ImageSize) -> list[Detections]:
        boxes, scores = [], []
        for number, output in enumerate(outputs):
            numbers = _split_anchors(output)
            boxes.append(anchors.decode(numbers, number, image_size))
            sure = expit(numbers[..., _OBJECTNESS : _OBJECTNESS + 1])
            scores.append(
                np.where(sure >= _SUPPRESSION.least_score, sure, 0)
                * expit(numbers[..., _BEFORE_CLASSES:])
            )
        return [
            _SUPPRESSION(np.clip(image_boxes, 0, 1), image_scores)
            for image_boxes, image_scores in zip(
                _concatenate(boxes), _concatenate(scores), strict=True
            )
        ]

    def decoding(self, image_size: ImageSize) -> BoxDecoding:  # noqa: ARG002 - in pixels
        return BoxDecoding(
            kind="yolov3",
            **asdict(_SUPPRESSION),
            largest_growth=anchors.LARGEST_GROWTH,
            anchors=tuple(
                tuple((float(width), float(height)) for width, height in of_map)
                for of_map in anchors.ANCHORS.tolist()
            ),
            strides=anchors.STRIDES,
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Wanted:
    """Targets of one map for a batch: all its objects, and those assigned to the map."""

    number: int
    image_size: ImageSize
    boxes: Boxes
    classes: NDArray[np.int64]
    assigned: anchors.Assignment


def _of_objectness(predicted: Tensor, wanted: _Wanted) -> Tensor:
    """Loss of objectness over all positions of one map, except those to be ignored."""
    import paddle

    found = anchors.decode(predicted[..., :4].numpy(), wanted.number, wanted.image_size)
    counts = np.ones(found.shape[:-1], np.float32)
    for image, real in enumerate(wanted.classes != NO_OBJECT):
        shares = overlaps(found[image].reshape(-1, 4), wanted.boxes[image][real])
        near = shares.max(axis=1, initial=0) > _IGNORED_OVERLAP
        counts[image][near.reshape(counts.shape[1:])] = 0
    objects = np.zeros_like(counts)
    cells = tuple(wanted.assigned.cells.T)
    counts[cells] = objects[cells] = 1
    entropies = _cross_entropies(predicted[..., _OBJECTNESS], paddle.to_tensor(objects))
    return (entropies * paddle.to_tensor(counts)).sum()


def _cross_entropies(numbers: Tensor, shares: Tensor) -> Tensor:
    """Cross-entropy of each number's sigmoid with the probability that it must give.

    Paddle 3.3 has a function for it, whose gradient is too small by 1 where a number is 0.
    """
    from paddle.nn import functional

    return functional.softplus(numbers) - numbers * shares


def _split_anchors(output: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """``(N, anchors * numbers, h, w)`` to ``(N, anchors, h, w, numbers)``."""
    return output.reshape(len(output), _OF_MAP, -1, *output.shape[2:]).transpose(0, 1, 3, 4, 2)


def _concatenate(maps: list[NDArray[np.floating[Any]]]) -> NDArray[np.floating[Any]]:
    """Concatenates maps ``(N, anchors, h, w, numbers)`` to ``(N, boxes, numbers)``."""
    return np.concatenate(
        [numbers.reshape(len(numbers), -1, numbers.shape[-1]) for numbers in maps], axis=1
    )


HEAD: DetectorHead = YoloV3()
