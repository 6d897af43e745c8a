"""Accuracy by a short training of each candidate, as PaddleSlim 1.x's ``retrain_epoch``."""

from __future__ import annotations

from collections.abc import Callable

from edgeslim.paddle_io.importing import load_paddle
from edgeslim.searching.accuracy._accuracy import Judging
from edgeslim.spaces import Tokens

__all__ = ["ESTIMATOR", "Training"]


class Training:
    """Trains each network from nothing.

    Args:
        judging: Its space, task, seed, epochs and batch size.
    """

    def __init__(self, judging: Judging) -> None:
        load_paddle()
        from edgeslim.training.short_training import ShortTraining

        self._space = judging.space
        self._seed = judging.seed
        self._training = ShortTraining(
            judging.task,
            judging.space.input_shape,
            epochs=judging.epochs,
            batch_size=judging.batch_size,
        )

    def of(self, tokens: Tokens, on_share: Callable[[float], None]) -> float:
        return self._training.accuracy(lambda _: self._space.build(tokens), self._seed, on_share)


ESTIMATOR = Training
