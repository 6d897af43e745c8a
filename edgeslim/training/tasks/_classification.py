"""Loss and metric of classification, which tasks have if they name no others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from paddle import Tensor

__all__ = ["TopFive", "TopOne", "cross_entropy"]

_SUM_TOLERANCE = 1e-4
"""How far a sum of probabilities may be from one; plain scores are rarely all positive."""

_SMALLEST_PROBABILITY = 1e-12
"""A softmax gives 0 for what is very unlikely, and the logarithm of 0 is not finite."""


def cross_entropy(outputs: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """Mean cross-entropy of the first output ``(N, classes)``.

    Training goes best with scores before a softmax. Saved models often end in a softmax, so
    what is positive and sums to one for each image is taken as probabilities.

    Raises:
        ModelError: The output is of another shape, or has too few classes.
    """
    import paddle
    from paddle import nn

    scores, labels = outputs[0], targets[0]
    _check(tuple(scores.shape), tuple(labels.shape), int(labels.max()))
    if float(scores.min()) >= 0 and float((scores.sum(axis=1) - 1).abs().max()) < _SUM_TOLERANCE:
        return nn.functional.nll_loss(paddle.log(scores.clip(min=_SMALLEST_PROBABILITY)), labels)
    return nn.functional.cross_entropy(scores, labels)


class TopOne:
    """Share of the images whose highest score is that of their class."""

    highest = 1
    """Number of highest scores among which the image's class must be."""

    def __init__(self) -> None:
        self._right = 0
        self._count = 0

    def update(
        self, outputs: Sequence[NDArray[np.float32]], targets: tuple[NDArray[Any], ...]
    ) -> None:
        """Counts the first output ``(N, classes)`` against labels ``(N,)``.

        Raises:
            ModelError: The output is of another shape, or has too few classes.
        """
        right = self.are_right(outputs, targets)
        self._right += int(right.sum())
        self._count += len(right)

    def are_right(
        self, outputs: Sequence[NDArray[np.float32]], targets: tuple[NDArray[Any], ...]
    ) -> NDArray[np.bool_]:
        """Whether each image counts as right, ``(N,)``; raises as `update`."""
        scores, labels = outputs[0], targets[0]
        _check(scores.shape, labels.shape, int(labels.max()))
        own = scores[range(len(labels)), labels]
        # Of equal scores the first is the higher, as for ``argmax``.
        above = (scores > own[:, None]).sum(axis=1)
        above += ((scores == own[:, None]) & self._before(scores, labels)).sum(axis=1)
        return np.asarray(above < self.highest)

    @staticmethod
    def _before(scores: NDArray[np.float32], labels: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether each class comes before an image's own, ``(N, classes)``."""
        classes: NDArray[Any] = np.arange(scores.shape[1])
        return classes < labels[:, None]

    def value(self) -> float:
        return self._right / self._count


class TopFive(TopOne):
    """Share of the images whose class is among those of the five highest scores."""

    highest = 5


def _check(scores: tuple[int, ...], labels: tuple[int, ...], highest: int) -> None:
    if len(scores) != 2 or scores[:1] != labels:
        raise ModelError(
            f"the network's first output is {scores} for {labels[0]} images; to classify, it "
            f"must be ({labels[0]}, classes)"
        )
    if highest >= scores[1]:
        raise ModelError(
            f"the network has {scores[1]} classes, but the task has class {highest} "
            "(they count from 0); build the network with as many classes as the task has"
        )
