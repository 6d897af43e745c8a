"""Steps of a training, of one network or of the weights that a space's networks share."""

from __future__ import annotations

import itertools
import logging
import math
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
import paddle

from edgeslim.errors import DivergedError, ModelError, UsageError
from edgeslim.training._checkpointing import CheckpointKeeper
from edgeslim.training._optimizer import make_optimizer
from edgeslim.training.checkpoint import share_state
from edgeslim.training.processes import ALONE, Processes
from edgeslim.training.schedules import DEFAULT_SCHEDULE, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from paddle import Tensor, nn

    from edgeslim.training.tasks import Loss, TaskData

    FindGradients = Callable[[NDArray[np.float32], tuple[Tensor, ...], np.random.Generator], float]

__all__ = [
    "TrainingSettings",
    "TrainingStep",
    "keep_random_state",
    "learn",
    "learn_epoch",
    "loss_of",
    "silence_batch_norms",
]

_LOG = logging.getLogger(__name__)


class TrainingStep(NamedTuple):
    """An update of the weights that has been done.

    Args:
        number: Number of the step, from 1.
        total: Number of steps of the training.
        loss: Mean loss of the step's batch.
        rate: Learning rate of the step.
    """

    number: int
    total: int
    loss: float
    rate: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingSettings:
    """The numbers that decide what a training does.

    Args:
        epochs: Number of passes over the training examples, without a rest below a batch.
        batch_size: Number of examples in a step.
        learning_rate: Highest rate of the schedule.
        seed: Seed of the order of the examples, of their augmentation, and of the network's
            random numbers in training.
        schedule: Schedule of the rate; by default a short warm-up, then a falling cosine.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    schedule: Schedule = DEFAULT_SCHEDULE

    def check(self) -> None:
        """Checks the numbers.

        Raises:
            UsageError: A number is out of range; names it.
        """
        for name, number in (("epochs", self.epochs), ("batch_size", self.batch_size)):
            if number < 1:
                raise UsageError(f"{name} must be at least 1, not {number}")
        if not 0 < self.learning_rate < math.inf:
            raise UsageError(f"learning_rate must be above 0, not {self.learning_rate}")
        if not 0 <= self.seed < 2**31:
            raise UsageError(f"seed must be 0 or more and have at most 31 bits, not {self.seed}")

    def for_examples(self, data: TaskData) -> TrainingSettings:
        """The settings with a batch that is no larger than the examples, checked."""
        self.check()
        return replace(self, batch_size=min(self.batch_size, len(data.train)))

    @property
    def checkpoint_values(self) -> dict[str, int | float | str]:
        """All numbers by name, for a checkpoint; without the schedule if it is the default."""
        found: dict[str, int | float | str] = {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
            "seed": self.seed,
        }
        if self.schedule != DEFAULT_SCHEDULE:
            found["schedule"] = msgspec.json.encode(self.schedule).decode()
        return found


def learn(
    weights: nn.Layer,
    data: TaskData,
    settings: TrainingSettings,
    find_gradients: FindGradients,
    *,
    team: Processes = ALONE,
    more_settings: Mapping[str, int | float | str] | None = None,
    on_step: Callable[[TrainingStep], None] = lambda _: None,
    checkpoint: Path | None = None,
) -> tuple[float, ...]:
    """Does all steps of a training that a checkpoint does not have yet.

    Args:
        weights: Network or weights that are trained in place.
        data: Examples and loss to learn from.
        settings: Numbers that were checked (`TrainingSettings.for_examples`).
        find_gradients: Computes the gradients of a batch into the weights and returns its loss,
            from images, targets and a random generator.
        team: The processes that share each batch out.
        more_settings: Further numbers that decide what the training does.
        on_step: Called after every step.
        checkpoint: File that process 0 keeps the state in.

    Returns:
        Mean loss of each epoch.

    Raises:
        UsageError, BadFileError, ModelError: As `edgeslim.training.trainer.train`.
    """
    team.check_batch(settings.batch_size)
    optimizer = make_optimizer(weights, settings.learning_rate)
    all_settings = {**settings.checkpoint_values, **(more_settings or {})}
    keeper = CheckpointKeeper(
        checkpoint if team.is_leader else None, weights, optimizer, data, all_settings
    )
    if team.count > 1:
        keeper.losses = share_state(team, data, weights, optimizer, keeper.losses)
    run = _Run(weights, optimizer, data, settings, team)
    run.warn()
    with keep_random_state(), silence_batch_norms(), keeper:
        _steps(run, find_gradients, keeper=keeper, on_step=on_step)
    by_epoch = np.asarray(keeper.losses).reshape(settings.epochs, -1).mean(axis=1)
    return tuple(map(float, by_epoch))


class _Run(NamedTuple):
    """A training: everything that its steps have in common."""

    weights: nn.Layer
    optimizer: paddle.optimizer.Optimizer
    data: TaskData
    settings: TrainingSettings
    team: Processes

    @property
    def steps_an_epoch(self) -> int:
        return len(self.data.train) // self.settings.batch_size

    @property
    def steps(self) -> int:
        return self.settings.epochs * self.steps_an_epoch

    def rate(self, step: int) -> float:
        return self.settings.schedule.rate(
            step,
            total=self.steps,
            steps_an_epoch=self.steps_an_epoch,
            highest=self.settings.learning_rate,
        )

    def warn(self) -> None:
        """Logs a warning if the training ends before the rate falls."""
        late = self.settings.schedule.late_decay_text(
            total=self.steps, steps_an_epoch=self.steps_an_epoch
        )
        if late and self.team.is_leader:
            _LOG.warning("%s", late)


def _steps(
    run: _Run,
    find_gradients: FindGradients,
    *,
    keeper: CheckpointKeeper,
    on_step: Callable[[TrainingStep], None],
) -> None:
    for number, batch in enumerate(_batches(len(run.data.train), run.settings)):
        if number < len(keeper.losses):  # done before the interruption
            continue
        step = _PendingStep(run, number, batch)
        with keeper.whole_step():
            try:
                loss = step.take(find_gradients)
            except DivergedError:
                keeper.discard()
                raise
            keeper.losses.append(loss)
        on_step(TrainingStep(number + 1, run.steps, loss, step.rate))
        keeper.save_if_due(is_epoch_end=(number + 1) % run.steps_an_epoch == 0)


def learn_epoch(
    weights: nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    data: TaskData,
    settings: TrainingSettings,
    find_gradients: FindGradients,
    *,
    epoch: int,
    team: Processes = ALONE,
    on_step: Callable[[TrainingStep], None] = lambda _: None,
) -> float:
    """Does the steps of one epoch, exactly those that `learn` would do in that epoch.

    Args:
        weights: Network or weights that are trained in place.
        optimizer: The optimizer of these weights.
        data: Examples and loss to learn from.
        settings: Settings of the whole training, which decide every step's learning rate.
        find_gradients: Computes gradients, as for `learn`.
        epoch: Index of the epoch, from 0.
        team: The processes that share each batch out; all have the same weights.
        on_step: Called after every step.

    Returns:
        The mean loss.

    Raises:
        DivergedError: The loss is not finite any more.
        BadFileError, ModelError: As `learn`.
    """
    run = _Run(weights, optimizer, data, settings, team)
    if epoch == 0:
        run.warn()
    first, last = (number * run.steps_an_epoch for number in (epoch, epoch + 1))
    batches = itertools.islice(_batches(len(data.train), settings), first, last)
    losses = []
    with keep_random_state(), silence_batch_norms():
        for number, batch in enumerate(batches, start=first):
            step = _PendingStep(run, number, batch)
            losses.append(step.take(find_gradients))
            on_step(TrainingStep(number + 1, run.steps, losses[-1], step.rate))
    return float(np.mean(losses))


class _PendingStep:
    """A step that is about to be done; its random numbers come from the seed and its number."""

    def __init__(self, run: _Run, number: int, batch: NDArray[np.int64]) -> None:
        settings, team, train = run.settings, run.team, run.data.train
        self._what = run
        self._number = number
        self._draws = np.random.default_rng(team.seeds(settings.seed, number))
        self.rate = run.rate(number)
        part = team.part(batch)
        self._share_of_batch = len(part) / len(batch)
        self._images, self._targets = team.run_everywhere(lambda: train.batch(part, self._draws))

    def take(self, find_gradients: FindGradients) -> float:
        """Updates the weights and returns the loss.

        Raises:
            DivergedError: The loss is not finite; the weights are unchanged.
        """
        run, optimizer = self._what, self._what.optimizer
        paddle.seed(int(self._draws.integers(2**31)))
        optimizer.set_lr(self.rate)
        targets = tuple(map(paddle.to_tensor, self._targets))
        loss = run.team.mean_gradients(
            run.weights,
            lambda: find_gradients(self._images, targets, self._draws),
            self._share_of_batch,
        )
        if not math.isfinite(loss):
            raise DivergedError(
                f"training failed: the loss is {loss} at step {self._number + 1} of "
                f"{run.steps}; try a learning rate below {run.settings.learning_rate:g}"
            )
        optimizer.step()
        optimizer.clear_grad()
        return loss


def _batches(count: int, settings: TrainingSettings) -> Iterator[NDArray[np.int64]]:
    """Indices of the examples of each step, in a new order every epoch."""
    order, size = np.random.default_rng(settings.seed), settings.batch_size
    for _ in range(settings.epochs):
        indices = order.permutation(count)
        for start in range(0, count - size + 1, size):
            yield indices[start : start + size]


def loss_of(outputs: list[Tensor], loss: Loss, targets: tuple[Tensor, ...]) -> Tensor:
    """A task's loss of some outputs, as a tensor that has gradients.

    Raises:
        ModelError: The loss is not one number, or depends on no trainable weight.
    """
    value = loss(outputs, targets)
    if not isinstance(value, paddle.Tensor) or value.size != 1:
        found = list(value.shape) if isinstance(value, paddle.Tensor) else type(value).__name__
        raise ModelError(f"the task's loss is {found}; it must be one number, as a tensor")
    if value.stop_gradient:
        raise ModelError("the task's loss does not depend on any weight that can be trained")
    return value


@contextmanager
def keep_random_state() -> Iterator[None]:
    """Restores the state of Paddle's random generator at the end."""
    state = paddle.get_rng_state()
    try:
        yield
    finally:
        paddle.set_rng_state(state)


@contextmanager
def silence_batch_norms() -> Iterator[None]:
    """Silences a warning of batch norms that are in training mode."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="When training, we now always track global")
        yield
