"""A part of a task's examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import UsageError
from edgeslim.training.tasks._task import Examples, Targets

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["part_of"]


def part_of(examples: Examples, share: float, seed: int) -> Examples:
    """A share of examples drawn at random, the same for the same seed; at least one.

    Raises:
        UsageError: A share that is none.
    """
    if not 0 < share <= 1:
        raise UsageError(f"the share of examples is above 0 and at most 1, not {share:g}")
    count = max(1, round(share * len(examples)))
    if count == len(examples):
        return examples
    places = np.random.default_rng(seed).permutation(len(examples))[:count]
    return _Part(examples, np.sort(places))


class _Part:
    def __init__(self, examples: Examples, places: NDArray[np.int64]) -> None:
        self._examples = examples
        self._places = places

    def __len__(self) -> int:
        return self._places.size

    def batch(
        self, places: NDArray[np.int64], rng: np.random.Generator | None
    ) -> tuple[NDArray[np.float32], Targets]:
        return self._examples.batch(self._places[places], rng)
