"""SynFlow: how much an untrained network lets through, without any data.

The formula and its papers are at `edgeslim.training.untrained.synflow`.
"""

from __future__ import annotations

from edgeslim.paddle_io.importing import load_paddle
from edgeslim.searching.accuracy import Judging
from edgeslim.searching.proxies._proxy import EachAlone
from edgeslim.spaces import Tokens

__all__ = ["PROXY", "SynFlow"]


class SynFlow(EachAlone):
    """Builds each network and goes through it once, there and back.

    Args:
        judging: Its space and seed.
    """

    def __init__(self, judging: Judging) -> None:
        load_paddle()
        self._space = judging.space
        self._seed = judging.seed

    def score(self, tokens: Tokens) -> float:
        from edgeslim.training.trainer import seeded_build
        from edgeslim.training.untrained import synflow

        net = seeded_build(lambda: self._space.build(tokens), self._seed)
        return synflow(net, self._space.input_shape)


PROXY = SynFlow
