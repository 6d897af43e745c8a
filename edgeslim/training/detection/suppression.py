"""Non-maximum suppression: of boxes that find the same object, the surest, class by class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.training.detection.boxes import Boxes, overlaps

__all__ = ["Detections", "Suppression", "suppress"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Detections:
    """Detections of one image, the surest first.

    Args:
        boxes: Boxes of the detections, ``(n, 4)``.
        scores: Score of each from 0 to 1, ``(n,)``.
        classes: Class of each from 0 without the background, ``(n,)`` of int64.
    """

    boxes: Boxes
    scores: NDArray[np.floating[Any]]
    classes: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppression:
    """Suppression of a detector's boxes.

    Args:
        least_score: Lowest score of boxes that are kept.
        most_overlap: Largest overlap of two boxes of a class; above it the less sure is dropped.
        of_class: Largest number of boxes of a class, the surest, that are considered.
        of_image: Largest number of boxes of an image that are kept.
    """

    least_score: float
    most_overlap: float
    of_class: int
    of_image: int

    def __call__(self, boxes: Boxes, scores: NDArray[np.floating[Any]]) -> Detections:
        """Detections of one image.

        Args:
            boxes: Boxes of the image, ``(n, 4)``.
            scores: Score of each class without the background, ``(n, classes)``.
        """
        kept_boxes, kept_scores, kept_classes = [], [], []
        for number in np.flatnonzero((scores >= self.least_score).any(axis=0)):
            sure = np.flatnonzero(scores[:, number] >= self.least_score)
            order = np.argsort(-scores[sure, number], kind="stable")[: self.of_class]
            sure = sure[order]
            kept = sure[suppress(boxes[sure], self.most_overlap)]
            kept_boxes.append(boxes[kept])
            kept_scores.append(scores[kept, number])
            kept_classes.append(np.full(len(kept), number, np.int64))
        if not kept_boxes:
            return Detections(boxes=boxes[:0], scores=scores[:0, 0], classes=np.zeros(0, np.int64))
        all_scores = np.concatenate(kept_scores)
        order = np.argsort(-all_scores, kind="stable")[: self.of_image]
        return Detections(
            boxes=np.concatenate(kept_boxes)[order],
            scores=all_scores[order],
            classes=np.concatenate(kept_classes)[order],
        )


def suppress(boxes: Boxes, most_overlap: float) -> NDArray[np.int64]:
    """Ascending indices of the boxes that are kept.

    Args:
        boxes: Boxes of one class, the surest first, ``(n, 4)``.
        most_overlap: Largest overlap of a box with any one that is kept before it.
    """
    suppresses = overlaps(boxes, boxes) > most_overlap
    stays = np.ones(len(boxes), bool)
    for index in range(len(boxes)):
        if stays[index]:
            stays[index + 1 :] &= ~suppresses[index, index + 1 :]
    return np.flatnonzero(stays)
