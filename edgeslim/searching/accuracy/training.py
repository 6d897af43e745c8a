"""Accuracy by a short training of each candidate, as PaddleSlim 1.x's ``retrain_epoch``."""

from __future__ import annotations

from collections.abc import Callable

from edgeslim.paddle_io.importing import load_paddle
from edgeslim.searching.accuracy._accuracy import EvaluationSetup
from edgeslim.spaces import Tokens

__all__ = ["ESTIMATOR", "TrainingAccuracy"]


class TrainingAccuracy:
    """Trains each network from random weights.

    Args:
        setup: Uses its space, task, seed, epochs and batch size.
    """

    def __init__(self, setup: EvaluationSetup) -> None:
        load_paddle()
        from edgeslim.training.short_training import ShortTraining

        self._space = setup.space
        self._seed = setup.seed
        self._training = ShortTraining(
            setup.task,
            setup.space.input_shape,
            epochs=setup.epochs,
            batch_size=setup.batch_size,
        )

    def of(self, tokens: Tokens, on_share: Callable[[float], None]) -> float:
        return self._training.accuracy(lambda _: self._space.build(tokens), self._seed, on_share)


ESTIMATOR = TrainingAccuracy
