"""Mean average precision by the rules of the PASCAL VOC challenges.

Rules and names are those of the development kit of 2007 and 2010
(http://host.robots.ox.ac.uk/pascal/VOC/, ``VOCevaldet.m``, and section 3.4 of the paper,
https://doi.org/10.1007/s11263-009-0275-4):

* Detections of a class are taken by falling score, over all images. Each is held against the
  object of its class and image that it overlaps most; it is right if the overlap is at least
  0.5 and nothing surer was right for the same object.
* A detection whose object is marked as difficult counts for nothing, right or wrong. Difficult
  objects need not be found.
* Classes without an object that need be found count for nothing; the mean is over the others.

Overlaps are those of `boxes.overlaps`, which are the kit's.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from edgeslim.training.detection.boxes import Boxes, overlaps
from edgeslim.training.detection.suppression import Detections

__all__ = ["Area", "MeanAveragePrecision", "Truths", "average_precision", "match_detections"]

_LEAST_OVERLAP = 0.5


class Area(Enum):
    """How the area under the curve of precision over recall is computed.

    ``ELEVEN_POINT`` is the mean of the best precision at a recall of at least 0, 0.1, ..., 1,
    as until 2009 and in the examples of PaddleSlim; ``INTEGRAL`` that of all recalls, since
    2010.
    """

    ELEVEN_POINT = "11point"
    INTEGRAL = "integral"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Truths:
    """The objects of one image.

    Args:
        boxes: Boxes of the objects, ``(n, 4)``.
        classes: Class of each object from 0, ``(n,)``.
        difficult: Whether each object is difficult, ``(n,)`` of bool.
    """

    boxes: Boxes
    classes: NDArray[np.int64]
    difficult: NDArray[np.bool_]


class MeanAveragePrecision:
    """Mean average precision, counted image by image.

    Args:
        area: How the area under a curve is computed.
    """

    def __init__(self, area: Area = Area.ELEVEN_POINT) -> None:
        self._area = area
        self._to_find: defaultdict[int, int] = defaultdict(int)
        self._scores: defaultdict[int, list[float]] = defaultdict(list)
        self._right: defaultdict[int, list[bool]] = defaultdict(list)

    def add(self, found: Detections, truths: Truths) -> None:
        """Counts the detections of an image against its objects."""
        for number in np.union1d(found.classes, truths.classes):
            ours, theirs = found.classes == number, truths.classes == number
            difficult = truths.difficult[theirs]
            self._to_find[int(number)] += int((~difficult).sum())
            order = np.argsort(-found.scores[ours], kind="stable")
            right, counts = match_detections(
                found.boxes[ours][order], truths.boxes[theirs], difficult
            )
            self._scores[int(number)] += found.scores[ours][order][counts].tolist()
            self._right[int(number)] += right[counts].tolist()

    def by_class(self) -> dict[int, float]:
        """Average precision of each class with objects to find."""
        return {
            number: average_precision(
                np.asarray(self._scores[number]),
                np.asarray(self._right[number], bool),
                count,
                self._area,
            )
            for number, count in sorted(self._to_find.items())
            if count
        }

    def value(self) -> float:
        """Mean over classes, from 0 to 1; 0 if there was nothing to find."""
        precisions = list(self.by_class().values())
        return float(np.mean(precisions)) if precisions else 0.0


def average_precision(
    scores: NDArray[np.float64], right: NDArray[np.bool_], to_find: int, area: Area
) -> float:
    """Area under the curve of precision over recall of one class.

    Args:
        scores: Score of each detection, in any order; equal ones keep this order.
        right: Whether each detection is right.
        to_find: Number of objects to be found, at least 1.
        area: How the area is computed.
    """
    hits = right[np.argsort(-scores, kind="stable")]
    found = np.cumsum(hits)
    precision = found / np.arange(1, len(hits) + 1)
    # The best precision at this recall or a higher one.
    best = np.maximum.accumulate(precision[::-1])[::-1]
    if area is Area.INTEGRAL:
        return float(best[hits].sum() / to_find)
    # In whole numbers: a recall of 0.3 must not fail to be at least 0.3.
    first = np.searchsorted(10 * found, np.arange(11) * to_find, side="left")
    return float(best[first[first < len(best)]].sum() / 11)


def match_detections(
    boxes: Boxes, truths: Boxes, difficult: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each detection of a class is right, and whether it counts, ``(n,)`` of bool.

    Args:
        boxes: Boxes of the detections in an image, the surest first, ``(n, 4)``.
        truths: Boxes of the objects of that class in it, ``(m, 4)``.
        difficult: Whether each object is difficult, ``(m,)``.
    """
    right, counts = np.zeros(len(boxes), bool), np.ones(len(boxes), bool)
    if not len(truths):
        return right, counts
    shares = overlaps(boxes, truths)
    nearest = shares.argmax(axis=1)
    close = shares[np.arange(len(boxes)), nearest] >= _LEAST_OVERLAP
    counts = ~(close & difficult[nearest])
    candidates = np.flatnonzero(close & counts)
    _, first = np.unique(nearest[candidates], return_index=True)
    right[candidates[first]] = True
    return right, counts
