"""SynFlow: how much an untrained network lets through, without any data.

The formula and its papers are at `edgeslim.training.zero_cost_proxies.synflow`.
"""

from __future__ import annotations

from edgeslim.paddle_io.importing import load_paddle
from edgeslim.searching.accuracy import EvaluationSetup
from edgeslim.searching.proxies._proxy import SingleNetworkProxy
from edgeslim.spaces import Tokens

__all__ = ["PROXY", "SynFlow"]


class SynFlow(SingleNetworkProxy):
    """Builds each network and runs it once, forward and backward.

    Args:
        setup: Its space and seed.
    """

    def __init__(self, setup: EvaluationSetup) -> None:
        load_paddle()
        self._space = setup.space
        self._seed = setup.seed

    def score(self, tokens: Tokens) -> float:
        from edgeslim.training.trainer import build_seeded
        from edgeslim.training.zero_cost_proxies import synflow

        net = build_seeded(lambda: self._space.build(tokens), self._seed)
        return synflow(net, self._space.input_shape)


PROXY = SynFlow
