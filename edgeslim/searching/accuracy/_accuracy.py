"""The interface of estimators of a candidate's accuracy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edgeslim.spaces import Space, Tokens

if TYPE_CHECKING:
    from edgeslim.training.tasks import Task

__all__ = ["AccuracyEstimator", "EstimatorFactory", "EvaluationSetup"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EvaluationSetup:
    """How candidates are evaluated, and for which task; each estimator reads what it needs.

    Args:
        space: Space that candidates are networks of.
        task: Task that candidates are evaluated for.
        seed: Seed of everything random.
        epochs: Epochs for which a candidate is trained.
        batch_size: Examples in a step of such a training.
        supernet: File of a trained supernet.
        eval_share: Share of the validation examples that a supernet's candidates are evaluated on.
        recalibration_batches: Batches from which their batch norms' statistics are recomputed.
    """

    space: Space
    task: Task
    seed: int = 0
    epochs: int = 2
    batch_size: int = 32
    supernet: Path | None = None
    eval_share: float = 1.0
    recalibration_batches: int = 8


class AccuracyEstimator(Protocol):
    """Estimates the accuracy of networks, each from nothing but its tokens."""

    def of(self, tokens: Tokens, on_share: Callable[[float], None]) -> float:
        """The task's metric, from 0 to 1; the same at every call.

        Args:
            tokens: Tokens of the network.
            on_share: Called with shares of the work as they are done; they add up to 1.

        Raises:
            ModelError: The network cannot be evaluated.
        """


EstimatorFactory = Callable[[EvaluationSetup], AccuracyEstimator]
"""Makes an estimator, which may take a second: Paddle and the task's data are loaded."""
