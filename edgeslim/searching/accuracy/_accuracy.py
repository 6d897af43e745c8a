"""What every way to say how good a candidate is can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edgeslim.spaces import Space, Tokens

if TYPE_CHECKING:
    from edgeslim.training.tasks import Task

__all__ = ["Accuracy", "AccuracyFactory", "Judging"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Judging:
    """What candidates are judged for, and how carefully. Each estimator reads what it needs.

    Args:
        space: Whose networks they are.
        task: What they are to do.
        seed: Of everything random.
        epochs: How long a candidate is trained, if it is.
        batch_size: Examples a step of such a training.
        supernet: File of a trained supernet.
        eval_share: Share of the validation examples that a supernet's candidates are judged by.
        recalibration_batches: Batches that their statistics are found from.
    """

    space: Space
    task: Task
    seed: int = 0
    epochs: int = 2
    batch_size: int = 32
    supernet: Path | None = None
    eval_share: float = 1.0
    recalibration_batches: int = 8


class Accuracy(Protocol):
    """Says how good networks are, each from nothing but its tokens."""

    def of(self, tokens: Tokens, on_share: Callable[[float], None]) -> float:
        """The task's metric, from 0 to 1; the same whenever it is asked.

        Args:
            tokens: The network's.
            on_share: Called with shares of the work as they are done; they add up to 1.

        Raises:
            ModelError: The network cannot be judged.
        """


AccuracyFactory = Callable[[Judging], Accuracy]
"""Gets ready to judge, which may take a second: Paddle and the task's data are loaded."""
