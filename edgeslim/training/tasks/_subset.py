"""A random part of a task's examples, or the first of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import UsageError
from edgeslim.training.tasks._task import Examples, Targets

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["draw_part", "first_of_classes"]


def draw_part(examples: Examples, share: float, seed: int) -> Examples:
    """Draws a fraction of examples at random, the same for the same seed; at least one.

    Raises:
        UsageError: The fraction is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise UsageError(f"the share of examples must be above 0 and at most 1, not {share:g}")
    count = max(1, round(share * len(examples)))
    if count == len(examples):
        return examples
    indices = np.random.default_rng(seed).permutation(len(examples))[:count]
    return _Subset(examples, np.sort(indices))


def first_of_classes(
    indices: NDArray[np.int64], labels: NDArray[np.int64], count: int
) -> list[int]:
    """The first example of each class, then the second of each, and so on, up to ``count``.

    Args:
        indices: Indices of the examples, ``(n,)``.
        labels: Class of each, ``(n,)``.
        count: Largest number of examples.
    """
    turns = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        (mine,) = np.nonzero(labels == label)
        turns[mine] = np.arange(len(mine))
    order = np.lexsort((labels, turns))[:count]
    return [int(index) for index in indices[order]]


class _Subset:
    def __init__(self, examples: Examples, indices: NDArray[np.int64]) -> None:
        self._examples = examples
        self._indices = indices

    def __len__(self) -> int:
        return self._indices.size

    def batch(
        self, indices: NDArray[np.int64], rng: np.random.Generator | None
    ) -> tuple[NDArray[np.float32], Targets]:
        return self._examples.batch(self._indices[indices], rng)
