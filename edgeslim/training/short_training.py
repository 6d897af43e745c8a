"""Accuracy of a search's networks by short trainings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edgeslim.training.metric_value import MetricValue, metric_value
from edgeslim.training.tasks import SPLIT_SEED
from edgeslim.training.trainer import TrainingSettings, build_seeded, train

if TYPE_CHECKING:
    from collections.abc import Callable

    from paddle import nn

    from edgeslim.opspec import Shape
    from edgeslim.training.tasks import Task

__all__ = ["ShortTraining"]


def _ignore(_share: float) -> None:
    pass


class ShortTraining:
    """Trains each network from random weights for a few epochs.

    The defaults suit networks that read 32x32 and a task of about a thousand images. With so few
    epochs the number of steps matters, so batches are small.

    Args:
        task: Task that the networks are trained for.
        input_shape: Input shape of the networks, ``(N, C, H, W)``.
        epochs: Number of passes over the images.
        batch_size: Number of images in a step.
        learning_rate: Highest rate of the schedule.
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
        self._data = task.data(input_shape, SPLIT_SEED)
        self._settings = TrainingSettings(
            epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=0
        )

    def accuracy(
        self,
        build: Callable[[int], nn.Layer],
        seed: int,
        on_share: Callable[[float], None] = _ignore,
    ) -> float:
        """Trains as `train` does; returns the task's metric alone."""
        return self.train(build, seed, on_share)[1]

    def judge(self, metric: float) -> MetricValue:
        """A metric of a trained network with its number of examples and its interval."""
        return metric_value(metric, len(self._data.validation), self._data.metric)

    def train(
        self,
        build: Callable[[int], nn.Layer],
        seed: int,
        on_share: Callable[[float], None] = _ignore,
    ) -> tuple[nn.Layer, float]:
        """Trains a network; returns it with its metric, the same for the same seed.

        Args:
            build: Builds the network for a number of classes.
            seed: Seed of the initial weights and of the order of the images.
            on_share: Called after each step with its fraction of the whole training.

        Raises:
            ModelError: The training diverged.
        """
        net = build_seeded(lambda: build(self._num_classes), seed)
        result = train(
            net,
            self._data,
            replace(self._settings, seed=seed),
            on_step=lambda step: on_share(1 / step.total),
        )
        return net, result.metric
