"""Accuracy with the weights of a supernet that was trained once for the whole space."""

from __future__ import annotations

from collections.abc import Callable

from edgeslim.errors import UsageError
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.searching.accuracy._accuracy import Judging
from edgeslim.spaces import Tokens
from edgeslim.training.tasks import SPLIT_SEED

__all__ = ["ESTIMATOR", "SupernetAccuracy"]


class SupernetAccuracy:
    """Evaluates each network with weights that are there already.

    Args:
        judging: Its space, task, supernet, share of examples and batches.

    Raises:
        UsageError: No supernet is given, or one of another space or task.
        BadFileError: The file is none.
    """

    def __init__(self, judging: Judging) -> None:
        if judging.supernet is None:
            raise UsageError(
                "accuracies by a supernet need one; train it with edgeslim supernet, and give "
                "its file"
            )
        load_paddle()
        from edgeslim.training.supernet import Supernet

        self._supernet = Supernet.load(judging.supernet, judging.space)
        self._data = judging.task.data(judging.space.input_shape, SPLIT_SEED)
        self._supernet.check_data(self._data)
        self._eval_share = judging.eval_share
        self._batches = judging.recalibration_batches

    @property
    def training_seconds(self) -> float:
        """What the supernet's training took, once for all networks."""
        return self._supernet.about.seconds

    def of(self, tokens: Tokens, on_share: Callable[[float], None]) -> float:
        return self._supernet.accuracy(
            tokens,
            self._data,
            eval_share=self._eval_share,
            recalibration_batches=self._batches,
            on_share=on_share,
        )


ESTIMATOR = SupernetAccuracy
