"""One step of a supernet's training.

It trains the largest network, the smallest and some at random on the same images, and adds
up their gradients: the "sandwich rule" of Yu & Huang (2019, "Universally Slimmable Networks
and Improved Training Techniques", https://arxiv.org/abs/1903.05134).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.training._depthwise import fast_depthwise
from edgeslim.training._initial_values import extreme_networks
from edgeslim.training._training_loop import loss_of
from edgeslim.training.evaluation import outputs_of
from edgeslim.training.trainer import seeded_build

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from paddle import Tensor, nn

    from edgeslim.spaces import Space
    from edgeslim.training._shared_weights import SharedWeights
    from edgeslim.training.tasks import Loss

__all__ = ["Sandwich"]


class Sandwich:
    """Finds the gradients of a step.

    Args:
        space: The space.
        weights: What its networks share.
        loss: The task's.
        random_networks: How many a step trains beside the largest and the smallest.
    """

    def __init__(
        self,
        space: Space,
        weights: SharedWeights,
        loss: Loss,
        *,
        random_networks: int,
    ) -> None:
        self._space = space
        self._weights = weights
        self._loss = loss
        # Building a network costs as much as a step of it. These two are in every step; they are
        # built before the first, so that no step draws other numbers after an interruption.
        smallest, largest = extreme_networks(space)
        self._ends = [
            seeded_build(lambda tokens=tokens: space.build(tokens), 0)  # type: ignore[misc]
            for tokens in (largest, smallest)
        ]
        self._random_networks = random_networks

    def find_gradients(
        self, images: NDArray[np.float32], targets: tuple[Tensor, ...], draws: np.random.Generator
    ) -> float:
        """Leaves the gradients of all networks in the weights; the mean of their losses."""
        total = 0.0
        for net in (*self._ends, *self._drawn(draws)):
            self._weights.lend(net)
            net.train()
            with fast_depthwise(net):
                loss = loss_of(outputs_of(net, images), self._loss, targets)
                loss.backward()
            total += float(loss)
        return total / (len(self._ends) + self._random_networks)

    def _drawn(self, draws: np.random.Generator) -> Iterator[nn.Layer]:
        """Networks at random, built one at a time."""
        size = (self._random_networks, len(self._space.ranges))
        for tokens in draws.integers(0, self._space.ranges, size):
            yield self._space.build(tuple(map(int, tokens)))
