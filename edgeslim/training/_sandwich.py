"""One step of a supernet's training.

The largest network, the smallest and some random ones are trained on the same images, and their
gradients are added up: the "sandwich rule" of Yu & Huang (2019, "Universally Slimmable Networks
and Improved Training Techniques", https://arxiv.org/abs/1903.05134).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.training._depthwise import fast_depthwise
from edgeslim.training._initial_values import extreme_networks
from edgeslim.training._training_loop import loss_of
from edgeslim.training.evaluation import outputs_of
from edgeslim.training.trainer import build_seeded

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
    """Computes the gradients of a step.

    Args:
        space: The space whose networks are trained.
        weights: The weights that its networks share.
        loss: Loss function of the task.
        random_networks: Number of random networks in a step, beside the largest and smallest.
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
        # Building a network costs as much as a step of it. These two are in every step. They are
        # built before the first one, so that steps draw the same numbers after an interruption.
        smallest, largest = extreme_networks(space)
        self._ends = [
            build_seeded(lambda tokens=tokens: space.build(tokens), 0)  # type: ignore[misc]
            for tokens in (largest, smallest)
        ]
        self._random_networks = random_networks

    def find_gradients(
        self, images: NDArray[np.float32], targets: tuple[Tensor, ...], draws: np.random.Generator
    ) -> float:
        """Adds the gradients of all networks to the weights; returns the mean of their losses."""
        total = 0.0
        for net in (*self._ends, *self._random(draws)):
            self._weights.lend(net)
            net.train()
            with fast_depthwise(net):
                loss = loss_of(outputs_of(net, images), self._loss, targets)
                loss.backward()
            total += float(loss)
        return total / (len(self._ends) + self._random_networks)

    def _random(self, draws: np.random.Generator) -> Iterator[nn.Layer]:
        """Random networks, built one at a time."""
        size = (self._random_networks, len(self._space.ranges))
        for tokens in draws.integers(0, self._space.ranges, size):
            yield self._space.build(tuple(map(int, tokens)))
