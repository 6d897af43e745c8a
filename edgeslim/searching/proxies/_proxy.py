"""The interface of proxies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeslim.searching.accuracy import EvaluationSetup
from edgeslim.spaces import Tokens

__all__ = ["Proxy", "ProxyFactory", "SingleNetworkProxy"]


class Proxy(Protocol):
    """Scores networks without training them."""

    def score(self, tokens: Tokens) -> float:
        """The score of a network; higher is better, and only the order means anything."""

    def scores(self, population: Sequence[Tokens]) -> NDArray[np.float64]:
        """Scores of several networks, ``(networks,)``."""


class SingleNetworkProxy:
    """A proxy that scores one network after the other."""

    def score(self, tokens: Tokens) -> float:
        """The score of a network; higher is better."""
        raise NotImplementedError

    def scores(self, population: Sequence[Tokens]) -> NDArray[np.float64]:
        """Scores of several networks, ``(networks,)``."""
        return np.array([self.score(tokens) for tokens in population], np.float64)


ProxyFactory = Callable[[EvaluationSetup], Proxy]
"""Makes a proxy, which reads what it needs of the setup."""
