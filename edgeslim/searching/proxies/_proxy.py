"""What every proxy can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeslim.searching.accuracy import Judging
from edgeslim.spaces import Tokens

__all__ = ["EachAlone", "Proxy", "ProxyFactory"]


class Proxy(Protocol):
    """Scores networks without training them."""

    def score(self, tokens: Tokens) -> float:
        """Of one network; higher is better, and only the order means anything."""

    def scores(self, population: Sequence[Tokens]) -> NDArray[np.float64]:
        """Of several, ``(networks,)``."""


class EachAlone:
    """A proxy that looks at one network after the other."""

    def score(self, tokens: Tokens) -> float:
        """Of one network."""
        raise NotImplementedError

    def scores(self, population: Sequence[Tokens]) -> NDArray[np.float64]:
        """Of several, ``(networks,)``."""
        return np.array([self.score(tokens) for tokens in population], np.float64)


ProxyFactory = Callable[[Judging], Proxy]
"""Gets ready to score; reads of a judging what it needs."""
