"""Answers of detectors: which objects they find, held against those that are there.

Whether a detection is right depends on its own picture alone. So matches are made once, and mean
average precision is computed anew from them for any number of drawings of the pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.evaluating.answers import Answers, ComparedAnswers
from edgeslim.evaluating.paired_statistics import LEVEL, bootstrap_interval, bootstrap_method
from edgeslim.runs.device_accuracy import PairedMetric
from edgeslim.training.detection.mean_average_precision import Area, Truths, match_detections
from edgeslim.training.detection.suppression import Detections
from edgeslim.training.metric_value import MetricValue
from edgeslim.training.tasks import CountsBoxes, Targets

__all__ = ["BoxJudge", "BoxMatches", "weighted_precision"]

_DRAWS = 1000
_MOST_BOXES = 500
"""More detections than suppression leaves of a picture."""
_SHOWN_SCORE = 0.5
"""Score from which an object is named as found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BoxJudge:
    """Keeps the matches of a detector, and computes mean average precision from them.

    Args:
        name: Name of the metric.
        metric: The metric of the task, which reads the outputs.
        class_names: Names of the classes.
    """

    name: str
    metric: CountsBoxes
    class_names: Sequence[str]

    def answers(
        self, outputs: Sequence[NDArray[Any]], targets: Targets, finite: NDArray[np.bool_]
    ) -> dict[str, NDArray[Any]]:
        safe = [_without_numbers(output, finite) for output in outputs]
        rows: list[NDArray[np.float64]] = []
        to_find = np.zeros((len(finite), len(self.class_names)), np.int64)
        found = np.zeros(len(finite), np.int64)
        for picture, (detections, truths) in enumerate(self.metric.pairs(safe, targets)):
            if finite[picture]:
                rows += _match_classes(detections, truths)
                found[picture] = len(detections.classes)
            real = truths.classes[~truths.difficult]
            to_find[picture] = np.bincount(real, minlength=len(self.class_names))
        matches = np.concatenate(rows) if rows else np.zeros((0, 4))
        return {"matches": matches, "found": found, "to_find": to_find, "finite": finite}

    def kept_bytes(self, outputs_bytes: int) -> int:
        del outputs_bytes
        return _MOST_BOXES * 4 * 8

    def compare(self, device: Answers, paddle: Answers) -> ComparedAnswers:
        ours, theirs = BoxMatches(device, self.metric.area), BoxMatches(paddle, self.metric.area)
        count = len(device["found"])
        once = np.ones(count, np.int64)

        def difference(times: NDArray[np.int64]) -> float:
            return ours.precision(times) - theirs.precision(times)

        own, other = ours.precision(once), theirs.precision(once)
        metric = PairedMetric(
            name=self.name,
            device=MetricValue(value=own, examples=count),
            paddle=MetricValue(value=other, examples=count),
            difference=own - other,
            interval=bootstrap_interval(difference, count, _DRAWS),
            level=LEVEL,
            method=bootstrap_method(count, _DRAWS),
        )
        sure = [[answers.surest(n) for n in range(count)] for answers in (ours, theirs)]
        classes = [[sorted(number for number, _ in own) for own in answers] for answers in sure]
        differs = [one != two for one, two in zip(*classes, strict=True)]
        return ComparedAnswers(
            metrics=(metric,),
            differs=np.array(differs, bool) | ~device["finite"],
            texts=lambda picture: (
                self._truth(paddle["to_find"][picture]),
                self._text(sure[0][picture]) if device["finite"][picture] else "no finite numbers",
                self._text(sure[1][picture]),
            ),
        )

    def _truth(self, to_find: NDArray[np.int64]) -> str:
        return self._list_objects({int(n): int(to_find[n]) for n in np.flatnonzero(to_find)})

    def _text(self, sure: Sequence[tuple[int, float]]) -> str:
        """Which objects are found, and how sure the surest is."""
        if not sure:
            return f"nothing above {_SHOWN_SCORE:g}"
        times: dict[int, int] = {}
        for number, _ in sure:
            times[number] = times.get(number, 0) + 1
        return f"{self._list_objects(times)} (surest {max(score for _, score in sure):.2f})"

    def _list_objects(self, times: dict[int, int]) -> str:
        named = [
            f"{count} x {self.class_names[number]}" if count > 1 else self.class_names[number]
            for number, count in times.items()
        ]
        return ", ".join(named) or "nothing"


def _without_numbers(output: NDArray[Any], finite: NDArray[np.bool_]) -> NDArray[Any]:
    """An output with zeros for pictures that have no finite numbers, which nobody can read."""
    if finite.all():
        return output
    return np.where(finite.reshape(-1, *[1] * (output.ndim - 1)), output, 0).astype(output.dtype)


def _match_classes(found: Detections, truths: Truths) -> list[NDArray[np.float64]]:
    """Rows of a picture's detections: class, score, whether it is right, whether it counts."""
    rows = []
    for number in np.unique(found.classes):
        ours, theirs = found.classes == number, truths.classes == number
        order = np.argsort(-found.scores[ours], kind="stable")
        right, counts = match_detections(
            found.boxes[ours][order], truths.boxes[theirs], truths.difficult[theirs]
        )
        scores = found.scores[ours][order]
        rows.append(np.stack([np.full(len(scores), number), scores, right, counts], axis=1))
    return rows


class BoxMatches:
    """The matches of all pictures, sorted so that any drawing of pictures is quickly counted.

    Args:
        answers: The answers of a `BoxJudge` to all pictures.
        area: How the area under a curve of precision is computed.
    """

    def __init__(self, answers: Answers, area: Area) -> None:
        matches, found = answers["matches"], answers["found"]
        self._matches = matches
        self._ends = np.concatenate([[0], np.cumsum(found)])
        self._area = area
        self._to_find = answers["to_find"]
        pictures = np.repeat(np.arange(len(found)), found)
        self._classes: dict[int, tuple[NDArray[np.int64], NDArray[np.bool_]]] = {}
        for number in range(self._to_find.shape[1]):
            (own,) = np.nonzero((matches[:, 0] == number) & (matches[:, 3] > 0))
            order = own[np.argsort(-matches[own, 1], kind="stable")]
            self._classes[number] = pictures[order], matches[order, 2] > 0

    def precision(self, times: NDArray[np.int64]) -> float:
        """Mean average precision if each picture is counted some times, ``(pictures,)``."""
        to_find = times @ self._to_find
        found = [
            weighted_precision(right, times[pictures], int(to_find[number]), self._area)
            for number, (pictures, right) in self._classes.items()
            if to_find[number]
        ]
        return float(np.mean(found)) if found else 0.0

    def surest(self, picture: int) -> list[tuple[int, float]]:
        """Class and score of what is found in a picture with some certainty."""
        own = self._matches[self._ends[picture] : self._ends[picture + 1]]
        return [(int(row[0]), float(row[1])) for row in own if row[1] >= _SHOWN_SCORE]


def weighted_precision(
    right: NDArray[np.bool_], times: NDArray[np.int64], to_find: int, area: Area
) -> float:
    """Average precision of a class, if each detection is counted some times.

    Args:
        right: Whether each detection is right, the surest first.
        times: How often each counts, whole numbers from 0.
        to_find: Number of objects to be found, at least 1.
        area: How the area under the curve is computed.
    """
    hits = np.cumsum(times * right)
    seen = np.cumsum(times)
    precision = np.divide(hits, seen, out=np.zeros(len(hits)), where=seen > 0)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    if area is Area.INTEGRAL:
        return float((best * times * right).sum() / to_find)
    first = np.searchsorted(10 * hits, np.arange(11) * to_find, side="left")
    return float(best[first[first < len(best)]].sum() / 11)
