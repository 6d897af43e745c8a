"""Accuracy with the weights of a supernet that was trained once for the whole space."""

from __future__ import annotations

from collections.abc import Callable

from edgeslim.errors import UsageError
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.searching.accuracy._accuracy import EvaluationSetup
from edgeslim.spaces import Tokens
from edgeslim.training.tasks import SPLIT_SEED

__all__ = ["ESTIMATOR", "SupernetAccuracy"]


class SupernetAccuracy:
    """Evaluates each network with weights of a trained supernet.

    Args:
        setup: Uses its space, task, supernet, share of examples and recalibration batches.

    Raises:
        UsageError: No supernet is given, or one of another space or task.
        BadFileError: The file is not a supernet.
    """

    def __init__(self, setup: EvaluationSetup) -> None:
        if setup.supernet is None:
            raise UsageError(
                "accuracies by a supernet need one; train it with edgeslim supernet, and give "
                "its file"
            )
        load_paddle()
        from edgeslim.training.supernet import Supernet

        self._supernet = Supernet.load(setup.supernet, setup.space)
        self._data = setup.task.data(setup.space.input_shape, SPLIT_SEED)
        self._supernet.check_data(self._data)
        self._eval_share = setup.eval_share
        self._batches = setup.recalibration_batches

    @property
    def training_seconds(self) -> float:
        """Seconds that the supernet's training took, once for all networks."""
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
