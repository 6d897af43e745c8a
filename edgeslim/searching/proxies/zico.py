"""ZiCo: how alike an untrained network's gradients are for different images of the task.

The formula and its paper are at `edgeslim.training.zero_cost_proxies.zico`.
"""

from __future__ import annotations

from edgeslim.paddle_io.importing import load_paddle
from edgeslim.searching.accuracy import EvaluationSetup
from edgeslim.searching.proxies._proxy import SingleNetworkProxy
from edgeslim.spaces import Tokens
from edgeslim.training.tasks import SPLIT_SEED

__all__ = ["PROXY", "ZiCo"]


class ZiCo(SingleNetworkProxy):
    """Builds each network and runs it on two batches of training examples.

    Args:
        setup: Its space, task and seed.
    """

    def __init__(self, setup: EvaluationSetup) -> None:
        load_paddle()
        self._space = setup.space
        self._seed = setup.seed
        self._data = setup.task.data(setup.space.input_shape, SPLIT_SEED)

    def score(self, tokens: Tokens) -> float:
        from edgeslim.training.trainer import build_seeded
        from edgeslim.training.zero_cost_proxies import zico

        net = build_seeded(lambda: self._space.build(tokens), self._seed)
        return zico(net, self._data, seed=self._seed)


PROXY = ZiCo
