"""Proxies that are sizes of networks, for whole populations at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from edgeslim.execution import Target
from edgeslim.prediction.population_sizes import PopulationSizes, Sizes
from edgeslim.spaces import Space, Tokens

__all__ = ["SizeProxy"]


class SizeProxy:
    """Scores networks by one of their sizes once they are deployed.

    Args:
        space: Space that networks are of.
        which: Selects one size out of all.
    """

    def __init__(self, space: Space, which: Callable[[Sizes], NDArray[np.int64]]) -> None:
        self._sizes = PopulationSizes(space, Target.ARM)
        self._which = which

    def score(self, tokens: Tokens) -> float:
        """The size of one network."""
        return float(self.scores([tokens])[0])

    def scores(self, population: Sequence[Tokens]) -> NDArray[np.float64]:
        """The size of each network, ``(networks,)``."""
        sizes = self._sizes.of(np.array(population, np.int64))
        return self._which(sizes).astype(np.float64)
