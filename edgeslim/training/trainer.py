"""Training of networks for any task, the same to the last bit for the same seed on the CPU."""

from __future__ import annotations

import math
import warnings
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import paddle

from edgeslim.errors import ModelError, UsageError
from edgeslim.training._depthwise import fast_depthwise
from edgeslim.training._keeping import Keeper
from edgeslim.training._momentum import momentum
from edgeslim.training.evaluation import evaluate, outputs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from paddle import nn

    from edgeslim.training.tasks import Loss, Targets, TaskData

__all__ = ["Step", "TrainingResult", "check_settings", "seeded_build", "train"]

_WARM_UP_SHARE = 0.05
"""Of all steps. The full rate on untrained weights can throw them far off."""


class Step(NamedTuple):
    """One update of the weights, just done.

    Args:
        number: Counts from 1.
        total: How many there will be.
        loss: Of its batch.
    """

    number: int
    total: int
    loss: float


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingResult:
    """What came of a training.

    Args:
        metric: Of the validation examples, from 0 to 1.
        losses: Mean loss of each epoch.
    """

    metric: float
    losses: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Settings:
    """All numbers that decide what a training does; see `train`."""

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int


def seeded_build(build: Callable[[], nn.Layer], seed: int) -> nn.Layer:
    """The network that ``build`` makes, with first weights that the seed alone decides."""
    with _draws_kept():
        paddle.seed(seed)
        return build()


def train(
    net: nn.Layer,
    data: TaskData,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    on_step: Callable[[Step], None] = lambda _: None,
    checkpoint: Path | None = None,
) -> TrainingResult:
    """Trains in place by stochastic gradient descent with momentum, and evaluates.

    With a checkpoint, a training that was ended goes on where it was, and ends with the very
    weights that it would have had; one that is done is only evaluated again.

    Args:
        net: Takes ``(N, C, H, W)``, gives a tensor or several, as the task's loss takes them.
            It is left in evaluation mode.
        data: What to learn from and to be judged by.
        epochs: How often each training example is seen (but a rest smaller than a batch).
        batch_size: Examples a step.
        learning_rate: The highest; reached after a short warm-up, then a falling cosine.
        seed: Decides the order of the examples and how they are varied, and what the network
            draws while it trains.
        on_step: Told of every step.
        checkpoint: File that the state is kept in: after each epoch, every few minutes, and
            when the training is interrupted.

    Raises:
        UsageError: Numbers that cannot be meant; a checkpoint of another training.
        BadFileError: The checkpoint or an example cannot be read.
        ModelError: The loss is no number any more, or not for these outputs.
    """
    check_settings(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed)
    settings = _Settings(
        epochs=epochs,
        batch_size=min(batch_size, len(data.train)),
        learning_rate=learning_rate,
        seed=seed,
    )
    optimizer = momentum(net, learning_rate)
    with _draws_kept(), fast_depthwise(net), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="When training, we now always track global")
        with Keeper(checkpoint, net, optimizer, data, asdict(settings)) as keeper:
            net.train()
            _learn(net, optimizer, data, settings, keeper=keeper, on_step=on_step)
    by_epoch = np.asarray(keeper.losses).reshape(epochs, -1).mean(axis=1)
    return TrainingResult(
        metric=evaluate(net, data.validation, data.metric), losses=tuple(map(float, by_epoch))
    )


def _learn(
    net: nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    data: TaskData,
    settings: _Settings,
    *,
    keeper: Keeper,
    on_step: Callable[[Step], None],
) -> None:
    """All steps that the keeper has not kept."""
    steps_an_epoch = len(data.train) // settings.batch_size
    total = settings.epochs * steps_an_epoch
    for number, batch in enumerate(_batches(len(data.train), settings)):
        if number < len(keeper.losses):  # done before the interruption
            continue
        draws = np.random.default_rng((settings.seed, number))  # no step needs those before
        images, targets = data.train.batch(batch, draws)
        with keeper.whole_step():
            paddle.seed(int(draws.integers(2**31)))
            optimizer.set_lr(settings.learning_rate * _share(number, total))
            loss = _update(net, optimizer, data.loss, images, targets)
            if not math.isfinite(loss):
                keeper.forget()
                raise ModelError(
                    f"training failed: the loss is {loss} at step {number + 1} of {total}; "
                    f"try a learning rate below {settings.learning_rate:g}"
                )
            keeper.losses.append(loss)
        on_step(Step(number + 1, total, loss))
        keeper.done(with_epoch=(number + 1) % steps_an_epoch == 0)


def _batches(count: int, settings: _Settings) -> Iterator[NDArray[np.int64]]:
    """Places of the examples of each step, in a new order every epoch."""
    order, size = np.random.default_rng(settings.seed), settings.batch_size
    for _ in range(settings.epochs):
        places = order.permutation(count)
        for start in range(0, count - size + 1, size):
            yield places[start : start + size]


def _update(
    net: nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    loss_of: Loss,
    images: NDArray[np.float32],
    targets: Targets,
) -> float:
    """One step; its loss."""
    loss = loss_of(outputs_of(net, images), tuple(map(paddle.to_tensor, targets)))
    if not isinstance(loss, paddle.Tensor) or loss.size != 1:
        found = list(loss.shape) if isinstance(loss, paddle.Tensor) else type(loss).__name__
        raise ModelError(f"the task's loss is {found}; it must be one number, as a tensor")
    if loss.stop_gradient:
        raise ModelError("the task's loss does not come from any weight that can be trained")
    loss.backward()
    optimizer.step()
    optimizer.clear_grad()
    return float(loss)


def _share(step: int, total: int) -> float:
    """Share of the highest learning rate at a step, counted from 0."""
    warm_up = max(1, round(total * _WARM_UP_SHARE))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 + 0.5 * math.cos(math.pi * (step - warm_up) / max(1, total - warm_up))


def check_settings(*, epochs: int, batch_size: int, learning_rate: float, seed: int) -> None:
    """Proves that `train` can be meant to have these numbers.

    Raises:
        UsageError: It cannot.
    """
    for name, number in (("epochs", epochs), ("batch_size", batch_size)):
        if number < 1:
            raise UsageError(f"{name} must be at least 1, not {number}")
    if not 0 < learning_rate < math.inf:
        raise UsageError(f"learning_rate must be above 0, not {learning_rate}")
    if not 0 <= seed < 2**31:
        raise UsageError(f"seed must be 0 or more and have at most 31 bits, not {seed}")


@contextmanager
def _draws_kept() -> Iterator[None]:
    """Whatever is drawn inside, Paddle's draws go on as before afterwards."""
    state = paddle.get_rng_state()
    try:
        yield
    finally:
        paddle.set_rng_state(state)
