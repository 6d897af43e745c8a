"""Of boxes that find the same thing, the surest; class by class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.training.detection.boxes import Boxes, overlaps

__all__ = ["Detections", "Suppression", "surest"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Detections:
    """What was found in one image, the surest first.

    Args:
        boxes: ``(n, 4)``.
        scores: ``(n,)``, from 0 to 1.
        classes: ``(n,)``, int64, from 0; the background is none.
    """

    boxes: Boxes
    scores: NDArray[np.floating[Any]]
    classes: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppression:
    """What is left of a detector's boxes.

    Args:
        least_score: Boxes less sure than this are dropped.
        most_overlap: Of two boxes of a class that overlap by more, the less sure is dropped.
        of_class: At most so many boxes of a class, the surest, are looked at.
        of_image: At most so many boxes of an image are left.
    """

    least_score: float
    most_overlap: float
    of_class: int
    of_image: int

    def __call__(self, boxes: Boxes, scores: NDArray[np.floating[Any]]) -> Detections:
        """Detections of one image.

        Args:
            boxes: ``(n, 4)``.
            scores: ``(n, classes)``, without the background.
        """
        kept_boxes, kept_scores, kept_classes = [], [], []
        for number in np.flatnonzero((scores >= self.least_score).any(axis=0)):
            sure = np.flatnonzero(scores[:, number] >= self.least_score)
            order = np.argsort(-scores[sure, number], kind="stable")[: self.of_class]
            sure = sure[order]
            kept = sure[surest(boxes[sure], self.most_overlap)]
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


def surest(boxes: Boxes, most_overlap: float) -> NDArray[np.int64]:
    """Places of the boxes that stay, ascending.

    Args:
        boxes: ``(n, 4)``, the surest first.
        most_overlap: A box stays if it overlaps by no more with any that stays before it.
    """
    suppresses = overlaps(boxes, boxes) > most_overlap
    stays = np.ones(len(boxes), bool)
    for place in range(len(boxes)):
        if stays[place]:
            stays[place + 1 :] &= ~suppresses[place, place + 1 :]
    return np.flatnonzero(stays)
