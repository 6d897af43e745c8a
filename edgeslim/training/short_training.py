"""How good a network of a search is, told by a short training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.training.trainer import seeded_build, train

if TYPE_CHECKING:
    from collections.abc import Callable

    from paddle import nn

    from edgeslim.opspec import Shape
    from edgeslim.training.tasks import Task

__all__ = ["ShortTraining"]

_SPLIT_SEED = 0
"""All networks of a search learn from the same images and are judged by the same others."""


def _ignore(_share: float) -> None:
    pass


class ShortTraining:
    """Trains each network anew for a few epochs.

    The defaults suit a network that reads 32x32 and a task of a thousand images or so: what
    counts for so few epochs is the number of steps, so batches are small.

    Args:
        task: What to train for.
        input_shape: Input of the networks, ``(N, C, H, W)``.
        epochs: How often each image is seen.
        batch_size: Images a step.
        learning_rate: The highest.
    """

    def __init__(
        self,
        task: Task,
        input_shape: Shape,
        epochs: int = 3,
        batch_size: int = 32,
        learning_rate: float = 0.1,
    ) -> None:
        self._num_classes = task.num_classes
        self._data = task.data(input_shape, _SPLIT_SEED)
        self._epochs = epochs
        self._batch_size = batch_size
        self._learning_rate = learning_rate

    def accuracy(
        self,
        build: Callable[[int], nn.Layer],
        seed: int,
        on_share: Callable[[float], None] = _ignore,
    ) -> float:
        """The task's metric, from 0 to 1, which is no accuracy for some tasks; as `trained`."""
        return self.trained(build, seed, on_share)[1]

    def trained(
        self,
        build: Callable[[int], nn.Layer],
        seed: int,
        on_share: Callable[[float], None] = _ignore,
    ) -> tuple[nn.Layer, float]:
        """The trained network and its metric; equal seeds, equal weights.

        Args:
            build: Makes the network for a number of classes.
            seed: Decides the first weights and the order of the images.
            on_share: Called after each step with its share of the whole training.

        Raises:
            ModelError: The training diverged.
        """
        net = seeded_build(lambda: build(self._num_classes), seed)
        result = train(
            net,
            self._data,
            epochs=self._epochs,
            batch_size=self._batch_size,
            learning_rate=self._learning_rate,
            seed=seed,
            on_step=lambda step: on_share(1 / step.total),
        )
        return net, result.metric
