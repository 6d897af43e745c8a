"""Several proposals for one candidate: a proxy, which costs nothing, says which is evaluated.

No proxy is known to tell good networks from bad ones reliably; `edgeslim space agreement` says
how well one does on a user's task.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeslim.algorithms import Algorithm
from edgeslim.errors import UsageError
from edgeslim.searching.proxies import PROXIES
from edgeslim.spaces import Tokens

__all__ = ["Prefilter", "Prefiltered", "parse_prefilter"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Prefilter:
    """How proposals are chosen among.

    Args:
        proxy: Name of the proxy.
        among: How many proposals it chooses among.
    """

    proxy: str
    among: int


def parse_prefilter(text: str) -> Prefilter | None:
    """A prefilter written ``macs:8``; nothing for an empty text.

    Raises:
        UsageError: It is written otherwise, or the proxy is unknown.
    """
    if not text:
        return None
    proxy, _, among = text.partition(":")
    PROXIES.get(proxy)
    if not among.isdecimal() or int(among) < 2:
        raise UsageError(f"{text!r} is no prefilter; write it like {proxy}:8, with 2 or more")
    return Prefilter(proxy=proxy, among=int(among))


class Prefiltered:
    """An algorithm whose proposals a proxy chooses among; it hears only of those evaluated.

    Args:
        algorithm: Whose proposals.
        score: Of a network; more is better.
        among: How many are asked for each time.
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
