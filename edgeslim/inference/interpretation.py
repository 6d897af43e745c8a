"""Turns a network's outputs for a picture into classes with probabilities, or into boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.training.detection.heads import HEADS
from edgeslim.training.detection.recognition import recognise_head
from edgeslim.training.tasks import ReadsPictures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeslim.opspec import Shape

__all__ = ["FoundBox", "RankedClass", "boxes_of", "classes_of", "is_classifier", "is_detector"]

_SUM_TOLERANCE = 1e-3
"""How far the sum of probabilities may be from 1, since 8 or 16 bits round them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RankedClass:
    """A class with its probability.

    Args:
        number: Number of the class, from 0.
        label: Name of the class, or its number.
        probability: Probability by the network, from 0 to 1.
    """

    number: int
    label: str
    probability: float


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundBox:
    """An object that was found.

    Args:
        number: Number of its class, from 0, without the background.
        label: Name of its class, or its number.
        score: Confidence of the detector, from 0 to 1.
        box: Left, top, right and bottom edge, as shares of the picture's width and height.
    """

    number: int
    label: str
    score: float
    box: tuple[float, float, float, float]


def is_detector(shapes: Sequence[Shape], input_shape: Shape) -> bool:
    """Whether a known detector has outputs of these shapes."""
    if len(input_shape) != 4:
        return False
    size = (input_shape[2], input_shape[3])
    return any(head.recognises(shapes, size) for head in HEADS.members().values())


def is_classifier(shapes: Sequence[Shape]) -> bool:
    """Whether the first output has one score for each class, ``(1, classes)``."""
    return bool(shapes) and len(shapes[0]) == 2 and shapes[0][0] == 1 < shapes[0][1]


def classes_of(
    outputs: Sequence[NDArray[Any]], reader: ReadsPictures, top: int, model: str
) -> tuple[RankedClass, ...]:
    """The most probable classes of one picture, by a first output of shape ``(1, classes)``.

    Scores that are probabilities already, positive with a sum of 1, are taken as they are; others
    go through a softmax.

    Raises:
        ModelError: The network has another number of classes than the task.
    """
    from scipy.special import softmax

    scores = outputs[0].astype(np.float64).ravel()
    names = reader.class_names
    if names and len(names) != scores.size:
        raise ModelError(
            f"{model} tells {scores.size} classes apart and the task has {len(names)} "
            f"({', '.join(names[:10])}{', …' if len(names) > 10 else ''})"
        )
    is_normalised = scores.min() >= 0 and abs(scores.sum() - 1) < _SUM_TOLERANCE
    shares = scores if is_normalised else softmax(scores)
    order = np.argsort(-shares, kind="stable")[:top]
    return tuple(
        RankedClass(number=int(i), label=_label(names, int(i)), probability=float(shares[i]))
        for i in order
    )


def boxes_of(
    outputs: Sequence[NDArray[Any]],
    reader: ReadsPictures,
    input_shape: Shape,
    least_score: float,
) -> tuple[FoundBox, ...]:
    """The objects in one picture with at least some score, the highest first.

    Raises:
        ModelError: The outputs are not a detector's, or one's for other classes than the task's.
    """
    size = (input_shape[2], input_shape[3])
    names = reader.class_names or _numbers(outputs, size)
    head = recognise_head(outputs, size, names)
    (found,) = head.detections(outputs, size)
    return tuple(
        FoundBox(
            number=int(number),
            label=names[number],
            score=float(score),
            box=(float(left), float(top), float(right), float(bottom)),
        )
        for (left, top, right, bottom), score, number in zip(
            np.clip(found.boxes, 0, 1), found.scores, found.classes, strict=True
        )
        if score >= least_score
    )


def _numbers(outputs: Sequence[NDArray[Any]], size: tuple[int, int]) -> tuple[str, ...]:
    """Numbers as names of classes, as many as the detector has."""
    shapes = [output.shape for output in outputs]
    for head in HEADS.members().values():
        if head.recognises(shapes, size):
            return tuple(map(str, range(head.num_classes(shapes))))
    return ()


def _label(names: Sequence[str], number: int) -> str:
    return names[number] if names else str(number)
