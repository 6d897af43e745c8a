"""What outputs of a network say of one picture: classes with probabilities, or boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.training.detection.heads import HEADS
from edgeslim.training.detection.recognition import recognised
from edgeslim.training.tasks import ReadsPictures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeslim.opspec import Shape

__all__ = ["FoundBox", "RankedClass", "boxes_of", "classes_of", "is_classifier", "is_detector"]

_SHARES_WITHIN = 1e-3
"""Of their sum: shares that were rounded to 16 bits or made of 8 are shares all the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RankedClass:
    """A class, and how probable it is by the network.

    Args:
        number: From 0.
        label: Its name, or its number.
        probability: From 0 to 1.
    """

    number: int
    label: str
    probability: float


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundBox:
    """An object that was found.

    Args:
        number: Of its class, from 0 and without the background.
        label: The class's name, or its number.
        score: From 0 to 1.
        box: Left, top, right and bottom edge, as shares of the picture's width and height.
    """

    number: int
    label: str
    score: float
    box: tuple[float, float, float, float]


def is_detector(shapes: Sequence[Shape], input_shape: Shape) -> bool:
    """Whether outputs of these shapes are those of a detector that is known."""
    if len(input_shape) != 4:
        return False
    size = (input_shape[2], input_shape[3])
    return any(head.recognises(shapes, size) for head in HEADS.members().values())


def is_classifier(shapes: Sequence[Shape]) -> bool:
    """Whether the first output is one score a class, ``(1, classes)``."""
    return bool(shapes) and len(shapes[0]) == 2 and shapes[0][0] == 1 < shapes[0][1]


def classes_of(
    outputs: Sequence[NDArray[Any]], reader: ReadsPictures, top: int, model: str
) -> tuple[RankedClass, ...]:
    """The most probable classes of one picture, the first output being ``(1, classes)``.

    Scores that are shares already, positive and with the sum 1, are taken as they are; a softmax
    makes shares of others.

    Raises:
        ModelError: The network tells other classes apart than the task has.
    """
    from scipy.special import softmax

    scores = outputs[0].astype(np.float64).ravel()
    names = reader.class_names
    if names and len(names) != scores.size:
        raise ModelError(
            f"{model} tells {scores.size} classes apart and the task has {len(names)} "
            f"({', '.join(names[:10])}{', …' if len(names) > 10 else ''})"
        )
    are_shares = scores.min() >= 0 and abs(scores.sum() - 1) < _SHARES_WITHIN
    shares = scores if are_shares else softmax(scores)
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
    """The objects in one picture that are at least so sure, the surest first.

    Raises:
        ModelError: The outputs are not a detector's, or one's for other classes than the task's.
    """
    size = (input_shape[2], input_shape[3])
    names = reader.class_names or _numbers(outputs, size)
    head = recognised(outputs, size, names)
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
    """Numbers for names, as many as whichever detector it is tells apart."""
    shapes = [each.shape for each in outputs]
    for head in HEADS.members().values():
        if head.recognises(shapes, size):
            return tuple(map(str, range(head.num_classes(shapes))))
    return ()


def _label(names: Sequence[str], number: int) -> str:
    return names[number] if names else str(number)
