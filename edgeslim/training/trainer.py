"""Training of a classifier, the same to the last bit for the same seed on the CPU."""

from __future__ import annotations

import math
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import paddle
from paddle import nn

from edgeslim.errors import ModelError, UsageError
from edgeslim.training._depthwise import fast_depthwise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from edgeslim.training.tasks._task import LabelledImages, TaskData

__all__ = [
    "Step",
    "TrainingResult",
    "evaluate_classifier",
    "seeded_build",
    "train_classifier",
]

_MOMENTUM = 0.9
_L2_DECAY = 4e-5
_WARM_UP_SHARE = 0.05
"""Of all steps. The full rate on untrained weights can throw them far off."""

_EVALUATION_BATCH = 256


class Step(NamedTuple):
    """One update of the weights, just done.

    Args:
        number: Counts from 1.
        total: How many there will be.
        loss: Cross-entropy of its batch.
    """

    number: int
    total: int
    loss: float


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingResult:
    """What came of a training.

    Args:
        accuracy: Share of the validation images that are classified right.
        losses: Mean cross-entropy of each epoch.
    """

    accuracy: float
    losses: tuple[float, ...]


def seeded_build(build: Callable[[], nn.Layer], seed: int) -> nn.Layer:
    """The network that ``build`` makes, with first weights that the seed alone decides."""
    with _seeded(seed):
        return build()


def train_classifier(
    net: nn.Layer,
    data: TaskData,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    on_step: Callable[[Step], None] = lambda _: None,
) -> TrainingResult:
    """Trains in place by stochastic gradient descent with momentum, and evaluates.

    Args:
        net: Takes ``(N, C, H, W)``, gives ``(N, classes)`` before the softmax. It is left in
            evaluation mode.
        data: What to learn from and to be judged by.
        epochs: How often each training image is seen (but a rest smaller than a batch).
        batch_size: Images a step.
        learning_rate: The highest; reached after a short warm-up, then a falling cosine.
        seed: Decides the order of the images, and what the network draws while it trains.
        on_step: Told of every step.

    Raises:
        UsageError: Numbers that cannot be meant.
        ModelError: The loss is no number any more.
    """
    _check(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate)
    batch_size = min(batch_size, len(data.train))
    total = epochs * (len(data.train) // batch_size)
    optimizer = paddle.optimizer.Momentum(
        learning_rate, momentum=_MOMENTUM, parameters=net.parameters(), weight_decay=_L2_DECAY
    )
    losses: list[float] = []
    with _seeded(seed), fast_depthwise(net), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="When training, we now always track global")
        net.train()
        for number, batch in enumerate(_batches(len(data.train), batch_size, epochs, seed)):
            optimizer.set_lr(learning_rate * _share(number, total))
            loss = _update(net, optimizer, data.train, batch)
            if not math.isfinite(loss):
                raise ModelError(
                    f"training failed: the loss is {loss} at step {number + 1} of {total}; "
                    f"try a learning rate below {learning_rate:g}"
                )
            losses.append(loss)
            on_step(Step(number + 1, total, loss))
    by_epoch = np.asarray(losses).reshape(epochs, -1).mean(axis=1)
    right = evaluate_classifier(net, data.validation)
    return TrainingResult(accuracy=right, losses=tuple(map(float, by_epoch)))


def evaluate_classifier(net: nn.Layer, labelled: LabelledImages) -> float:
    """Share of the images that the network, now in evaluation mode, classifies right.

    Raises:
        ModelError: Scores that are no numbers.
    """
    net.eval()
    right = 0
    with paddle.no_grad(), fast_depthwise(net):
        for start in range(0, len(labelled), _EVALUATION_BATCH):
            part = slice(start, start + _EVALUATION_BATCH)
            scores = net(paddle.to_tensor(labelled.images[part])).numpy()
            if not np.isfinite(scores).all():
                raise ModelError("evaluation failed: the network gives scores that are no numbers")
            right += int((scores.argmax(axis=1) == labelled.labels[part]).sum())
    return right / len(labelled)


def _batches(count: int, batch_size: int, epochs: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Places of the images of each step, in a new order every epoch."""
    order = np.random.default_rng(seed)
    for _ in range(epochs):
        places = order.permutation(count)
        for start in range(0, count - batch_size + 1, batch_size):
            yield places[start : start + batch_size]


def _update(
    net: nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    labelled: LabelledImages,
    batch: NDArray[np.int64],
) -> float:
    images = paddle.to_tensor(labelled.images[batch])
    loss = nn.functional.cross_entropy(net(images), paddle.to_tensor(labelled.labels[batch]))
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


def _check(*, epochs: int, batch_size: int, learning_rate: float) -> None:
    for name, number in (("epochs", epochs), ("batch_size", batch_size)):
        if number < 1:
            raise UsageError(f"{name} must be at least 1, not {number}")
    if not learning_rate > 0:
        raise UsageError(f"learning_rate must be above 0, not {learning_rate}")


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Paddle draws from the seed inside, and goes on as before afterwards."""
    state = paddle.get_rng_state()
    paddle.seed(seed)
    try:
        yield
    finally:
        paddle.set_rng_state(state)
