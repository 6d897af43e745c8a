"""The steps of a training, whatever is trained: one network, or a space's shared weights."""

from __future__ import annotations

import itertools
import logging
import math
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
import paddle

from edgeslim.errors import DivergedError, ModelError
from edgeslim.training._keeping import Keeper
from edgeslim.training._momentum import momentum
from edgeslim.training.checkpoint import same_state
from edgeslim.training.processes import ALONE, Processes
from edgeslim.training.schedules import OWN_SCHEDULE, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from paddle import Tensor, nn

    from edgeslim.training.tasks import Loss, TaskData

    FindGradients = Callable[[NDArray[np.float32], tuple[Tensor, ...], np.random.Generator], float]

__all__ = ["Settings", "Step", "draws_kept", "learn", "learn_epoch", "loss_of", "quiet_norms"]

_LOG = logging.getLogger(__name__)


class Step(NamedTuple):
    """One update of the weights, just done.

    Args:
        number: Counts from 1.
        total: How many there will be.
        loss: Of its batch.
        rate: The learning rate.
    """

    number: int
    total: int
    loss: float
    rate: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """All numbers that decide what a training does; see `edgeslim.training.trainer.train`."""

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    schedule: Schedule = OWN_SCHEDULE

    @property
    def told(self) -> dict[str, int | float | str]:
        """All of it, for a checkpoint; our own schedule needs no word."""
        found: dict[str, int | float | str] = {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
            "seed": self.seed,
        }
        if self.schedule != OWN_SCHEDULE:
            found["schedule"] = msgspec.json.encode(self.schedule).decode()
        return found


def learn(
    weights: nn.Layer,
    data: TaskData,
    settings: Settings,
    find_gradients: FindGradients,
    *,
    team: Processes = ALONE,
    more_settings: Mapping[str, int | float | str] | None = None,
    on_step: Callable[[Step], None] = lambda _: None,
    checkpoint: Path | None = None,
) -> tuple[float, ...]:
    """Does all steps of a training that a checkpoint does not have.

    Args:
        weights: What is trained, in place.
        data: What to learn from.
        settings: Numbers that `edgeslim.training.trainer.check_settings` has proved.
        find_gradients: Leaves the gradients of a batch in the weights, and says its loss;
            told the images, the targets, and what to draw from.
        team: The processes that share each batch out.
        more_settings: What else decides what the training does.
        on_step: Told of every step.
        checkpoint: File that the state is kept in, by process 0.

    Returns:
        Mean loss of each epoch.

    Raises:
        UsageError, BadFileError, ModelError: As `edgeslim.training.trainer.train`.
    """
    team.check_batch(settings.batch_size)
    optimizer = momentum(weights, settings.learning_rate)
    all_settings = {**settings.told, **(more_settings or {})}
    keeper = Keeper(checkpoint if team.leads else None, weights, optimizer, data, all_settings)
    if team.count > 1:
        keeper.losses = same_state(team, data, weights, optimizer, keeper.losses)
    what = _What(weights, optimizer, data, settings, team)
    what.warn()
    with draws_kept(), quiet_norms(), keeper:
        _steps(what, find_gradients, keeper=keeper, on_step=on_step)
    by_epoch = np.asarray(keeper.losses).reshape(settings.epochs, -1).mean(axis=1)
    return tuple(map(float, by_epoch))


class _What(NamedTuple):
    """What a step is of."""

    weights: nn.Layer
    optimizer: paddle.optimizer.Optimizer
    data: TaskData
    settings: Settings
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
        """Says what the schedule has that this training does not come to."""
        late = self.settings.schedule.unreached(
            total=self.steps, steps_an_epoch=self.steps_an_epoch
        )
        if late and self.team.leads:
            _LOG.warning("%s", late)


def _steps(
    what: _What,
    find_gradients: FindGradients,
    *,
    keeper: Keeper,
    on_step: Callable[[Step], None],
) -> None:
    for number, batch in enumerate(_batches(len(what.data.train), what.settings)):
        if number < len(keeper.losses):  # done before the interruption
            continue
        one = _OneStep(what, number, batch)
        with keeper.whole_step():
            try:
                loss = one.take(find_gradients)
            except DivergedError:
                keeper.forget()
                raise
            keeper.losses.append(loss)
        on_step(Step(number + 1, what.steps, loss, one.rate))
        keeper.done(with_epoch=(number + 1) % what.steps_an_epoch == 0)


def learn_epoch(
    weights: nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    data: TaskData,
    settings: Settings,
    find_gradients: FindGradients,
    *,
    epoch: int,
    team: Processes = ALONE,
    on_step: Callable[[Step], None] = lambda _: None,
) -> float:
    """Does the steps of one epoch of a training, the very ones that `learn` would do then.

    Args:
        weights: What is trained, in place.
        optimizer: Of it.
        data: What to learn from.
        settings: Of the whole training; they decide the learning rate of every step.
        find_gradients: As for `learn`.
        epoch: Which one, counted from 0.
        team: The processes that share each batch out; all have the same weights.
        on_step: Told of every step.

    Returns:
        The mean loss.

    Raises:
        DivergedError: The loss is no number any more.
        BadFileError, ModelError: As `learn`.
    """
    what = _What(weights, optimizer, data, settings, team)
    if epoch == 0:
        what.warn()
    first, last = (number * what.steps_an_epoch for number in (epoch, epoch + 1))
    batches = itertools.islice(_batches(len(data.train), settings), first, last)
    losses = []
    with draws_kept(), quiet_norms():
        for number, batch in enumerate(batches, start=first):
            one = _OneStep(what, number, batch)
            losses.append(one.take(find_gradients))
            on_step(Step(number + 1, what.steps, losses[-1], one.rate))
    return float(np.mean(losses))


class _OneStep:
    """A step that is about to be done: all it draws comes from the seed and its number."""

    def __init__(self, what: _What, number: int, batch: NDArray[np.int64]) -> None:
        settings, team, train = what.settings, what.team, what.data.train
        self._what = what
        self._number = number
        self._draws = np.random.default_rng(team.seeds(settings.seed, number))
        self.rate = what.rate(number)
        part = team.part(batch)
        self._share_of_batch = len(part) / len(batch)
        self._images, self._targets = team.agreed(lambda: train.batch(part, self._draws))

    def take(self, find_gradients: FindGradients) -> float:
        """Updates the weights and gives the loss.

        Raises:
            DivergedError: The loss is no number; the weights are as they were.
        """
        what, optimizer = self._what, self._what.optimizer
        paddle.seed(int(self._draws.integers(2**31)))
        optimizer.set_lr(self.rate)
        targets = tuple(map(paddle.to_tensor, self._targets))
        loss = what.team.mean_gradients(
            what.weights,
            lambda: find_gradients(self._images, targets, self._draws),
            self._share_of_batch,
        )
        if not math.isfinite(loss):
            raise DivergedError(
                f"training failed: the loss is {loss} at step {self._number + 1} of "
                f"{what.steps}; try a learning rate below {what.settings.learning_rate:g}"
            )
        optimizer.step()
        optimizer.clear_grad()
        return loss


def _batches(count: int, settings: Settings) -> Iterator[NDArray[np.int64]]:
    """Places of the examples of each step, in a new order every epoch."""
    order, size = np.random.default_rng(settings.seed), settings.batch_size
    for _ in range(settings.epochs):
        places = order.permutation(count)
        for start in range(0, count - size + 1, size):
            yield places[start : start + size]


def loss_of(outputs: list[Tensor], loss: Loss, targets: tuple[Tensor, ...]) -> Tensor:
    """A task's loss of some outputs, as a tensor to go back from.

    Raises:
        ModelError: It is none.
    """
    value = loss(outputs, targets)
    if not isinstance(value, paddle.Tensor) or value.size != 1:
        found = list(value.shape) if isinstance(value, paddle.Tensor) else type(value).__name__
        raise ModelError(f"the task's loss is {found}; it must be one number, as a tensor")
    if value.stop_gradient:
        raise ModelError("the task's loss does not come from any weight that can be trained")
    return value


@contextmanager
def draws_kept() -> Iterator[None]:
    """Whatever is drawn inside, Paddle's draws go on as before afterwards."""
    state = paddle.get_rng_state()
    try:
        yield
    finally:
        paddle.set_rng_state(state)


@contextmanager
def quiet_norms() -> Iterator[None]:
    """Inside, batch norms that are trained do not warn that they are."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="When training, we now always track global")
        yield
