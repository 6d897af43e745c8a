"""A model on a task, with some of its channels at nought for a while."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.channels.plan import Selection
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.errors import UnknownNameError, UsageError
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.training.metric_value import MetricValue, metric_value
from edgeslim.training.tasks import SPLIT_SEED, Examples, Task, TaskData, part_of

if TYPE_CHECKING:
    from edgeslim.training.program_net import ProgramNet

__all__ = ["Trial", "TrialNetwork", "examples_fingerprint", "trial_on"]

_GRADIENT_BATCHES = 16
_GRADIENT_BATCH = 32

_ENOUGH = 2000
"""Examples that tell a share to about two points, whatever it is."""


class TrialNetwork:
    """A saved model, loaded when it is first needed: Paddle takes seconds.

    Args:
        prefix: The model, as ``prefix.pdmodel`` and ``prefix.pdiparams``.
    """

    def __init__(self, prefix: Path) -> None:
        self._prefix = prefix

    @cached_property
    def net(self) -> ProgramNet:
        """What is run. What imports Paddle itself is imported after this, which sets it up."""
        load_paddle()
        from edgeslim.training.program_net import load_program_net

        return load_program_net(self._prefix)

    @cached_property
    def tensors(self) -> dict[str, NDArray[Any]]:
        """Its parameters as they are."""
        return self.net.tensors()


class Trial:
    """Says how good a model is with a part of its channels.

    A channel whose weights are all nought, those that make it and those that read it, gives
    what a network without it gives, to the last digits; so one network does for all.

    Args:
        network: The model.
        data: The task's.
        examples: What the model is judged by.
    """

    def __init__(self, network: TrialNetwork, data: TaskData, examples: Examples) -> None:
        self._network = network
        self._data = data
        self.examples = examples
        self._baseline: float | None = None

    def on_enough(self, seed: int) -> Trial:
        """The same model, judged by as many examples as small losses need, if there are more.

        Args:
            seed: Decides which examples these are, the trial's own among them.
        """
        every = self._data.validation
        if len(self.examples) >= min(_ENOUGH, len(every)):
            return self
        share = min(1.0, _ENOUGH / len(every))
        return Trial(self._network, self._data, part_of(every, share, seed))

    @property
    def highest(self) -> int:
        """How many of the highest scores count as right, where the metric counts them."""
        return int(getattr(self._data.metric, "highest", 1))

    def told(self, value: float) -> MetricValue:
        """A metric that was found on the examples, with its interval."""
        return metric_value(value, len(self.examples), self._data.metric)

    def baseline(self, on_share: Callable[[float], None] = lambda _: None) -> float:
        """The metric of the whole model, found out once; raises as `evaluate`.

        Args:
            on_share: Called after each batch with its share of all examples.
        """
        if self._baseline is None:
            self._baseline = self._metric(on_share)
        return self._baseline

    def _metric(self, on_share: Callable[[float], None] = lambda _: None) -> float:
        net = self._network.net
        from edgeslim.training.evaluation import evaluate

        return evaluate(net, self.examples, self._data.metric, on_share=on_share)

    def evaluate(self, selection: Selection) -> float:
        """The metric with what a selection leaves; the model is whole again afterwards.

        Raises:
            BadFileError: An example cannot be read.
            ModelError: Scores or a metric that are no numbers.
        """
        gone = {
            name: values
            for name, values in self._network.tensors.items()
            if any(mask is not None for mask in selection.masks(name))
        }
        try:
            self._network.net.set_tensors(
                {name: selection.zero_pruned(name, v) for name, v in gone.items()}
            )
            return self._metric()
        finally:
            self._network.net.set_tensors(gone)

    def gradients(self, seed: int) -> Iterator[dict[str, NDArray[Any]]]:
        """Gradients of the loss for some batches of training examples, batch by batch."""
        net = self._network.net
        from edgeslim.training.gradients import batch_gradients

        return batch_gradients(
            net,
            self._data,
            batches=_GRADIENT_BATCHES,
            batch_size=_GRADIENT_BATCH,
            seed=seed,
        )


def trial_on(
    model: PreparedModel, task: Task, *, share: float, seed: int, metric: str = ""
) -> Trial:
    """A model on a task.

    Args:
        model: The model.
        task: What it is judged by.
        share: Share of the validation examples that are used, the same each time.
        seed: Decides which examples these are.
        metric: Which of the task's metrics counts, if not its own.

    Raises:
        UnknownNameError: The task has no such metric.
        UsageError: The model has several inputs, or the share is none.
        BadFileError: The task's files cannot be read.
    """
    feeds = model.graph.feeds
    if len(feeds) != 1:
        raise UsageError(
            f"{model.name} has {len(feeds)} inputs ({', '.join(feeds)}); a task has one"
        )
    (input_shape,) = feeds.values()
    data = task.data(input_shape, SPLIT_SEED)
    if metric:
        known = data.metrics(task)
        if metric not in known:
            raise UnknownNameError("metric", metric, known)
        data = replace(data, metric=known[metric])
    return Trial(TrialNetwork(model.prefix), data, part_of(data.validation, share, seed))


def examples_fingerprint(examples: Examples) -> str:
    """Short checksum of the first, middle and last example.

    All of them may be more than can be read.
    """
    last = len(examples) - 1
    images, targets = examples.batch(np.array(sorted({0, last // 2, last})), None)
    digest = hashlib.sha256()
    for array in (images, *targets):
        digest.update(f"{array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]
