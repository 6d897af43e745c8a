"""Several proposals for one candidate: a proxy, which costs no training, chooses among them.

No proxy is known to tell good networks from bad ones reliably; `edgeslim space agreement` measures
how well one does on a user's task.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeslim.algorithms import Algorithm
from edgeslim.errors import UsageError
from edgeslim.searching.proxies import PROXIES
from edgeslim.spaces import Tokens

__all__ = ["Prefilter", "PrefilteredAlgorithm", "parse_prefilter"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Prefilter:
    """How a candidate is chosen among several proposals.

    Args:
        proxy: Name of the proxy.
        among: How many proposals it chooses among.
    """

    proxy: str
    among: int


def parse_prefilter(text: str) -> Prefilter | None:
    """Parses a prefilter written as ``macs:8``; None for an empty text.

    Raises:
        UsageError: It is written otherwise, or the proxy is unknown.
    """
    if not text:
        return None
    proxy, _, among = text.partition(":")
    PROXIES.get(proxy)
    if not among.isdecimal() or int(among) < 2:
        raise UsageError(f"{text!r} is not a prefilter; write it like {proxy}:8, with 2 or more")
    return Prefilter(proxy=proxy, among=int(among))


class PrefilteredAlgorithm:
    """An algorithm with a proxy that chooses among its proposals.

    The algorithm gets the results of those that are evaluated, and of no others.

    Args:
        algorithm: Algorithm that makes the proposals.
        score: Score of a network; higher is better.
        among: How many proposals are asked for each time.
    """

    def __init__(self, algorithm: Algorithm, score: Callable[[Tokens], float], among: int) -> None:
        self._algorithm = algorithm
        self._score = score
        self._among = among

    def ask(self) -> Tokens | None:
        asked = [tokens for _ in range(self._among) if (tokens := self._algorithm.ask())]
        return max(asked, key=self._score) if asked else None

    def tell(self, tokens: Tokens, reward: float) -> None:
        self._algorithm.tell(tokens, reward)
