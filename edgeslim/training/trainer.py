"""Trains networks for any task, with the same result to the bit for the same seed on the CPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import paddle

from edgeslim.training._depthwise import fast_depthwise
from edgeslim.training._training_loop import (
    TrainingSettings,
    TrainingStep,
    keep_random_state,
    learn,
    loss_of,
)
from edgeslim.training.evaluation import evaluate, outputs_of
from edgeslim.training.processes import ALONE, Processes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from paddle import Tensor, nn

    from edgeslim.training.tasks import TaskData

__all__ = [
    "TrainingResult",
    "TrainingSettings",
    "TrainingStep",
    "build_seeded",
    "train",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingResult:
    """Result of a training.

    Args:
        metric: The task's metric on the validation examples, from 0 to 1.
        losses: Mean loss of each epoch.
    """

    metric: float
    losses: tuple[float, ...]


def build_seeded(build: Callable[[], nn.Layer], seed: int) -> nn.Layer:
    """Builds a network whose initial weights depend on the seed alone."""
    with keep_random_state():
        paddle.seed(seed)
        return build()


def train(
    net: nn.Layer,
    data: TaskData,
    settings: TrainingSettings,
    *,
    team: Processes = ALONE,
    on_step: Callable[[TrainingStep], None] = lambda _: None,
    checkpoint: Path | None = None,
) -> TrainingResult:
    """Trains in place by stochastic gradient descent with momentum, and evaluates.

    With a checkpoint, an interrupted training continues where it was, and ends with exactly the
    weights that it would have had; a finished one is only evaluated again.

    Args:
        net: Network that takes ``(N, C, H, W)`` and gives one or several tensors, as the task's
            loss takes them. It is in evaluation mode afterwards.
        data: Examples to learn from and to evaluate on.
        settings: The numbers of the training.
        team: The processes that share each batch out; process 0's network is the one that is
            trained, and it alone evaluates and keeps the state.
        on_step: Called after every step.
        checkpoint: File that the state is kept in: after each epoch, every few minutes, and
            when the training is interrupted.

    Raises:
        UsageError: Numbers out of range; a checkpoint of another training.
        BadFileError: The checkpoint or an example cannot be read.
        ModelError: The loss is not finite any more, or does not take these outputs.
    """
    checked = settings.for_examples(data)

    def find_gradients(
        images: NDArray[np.float32], targets: tuple[Tensor, ...], _draws: np.random.Generator
    ) -> float:
        loss = loss_of(outputs_of(net, images), data.loss, targets)
        loss.backward()
        return float(loss)

    net.train()
    with fast_depthwise(net):
        losses = learn(
            *(net, data, checked, find_gradients),
            team=team,
            on_step=on_step,
            checkpoint=checkpoint,
        )

    def metric() -> bytes:
        return msgspec.json.encode(evaluate(net, data.validation, data.metric))

    return TrainingResult(
        metric=msgspec.json.decode(team.run_on_leader(metric), type=float), losses=losses
    )
