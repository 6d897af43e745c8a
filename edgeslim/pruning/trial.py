"""A model evaluated on a task with some of its channels set to zero."""

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
from edgeslim.training.tasks import SPLIT_SEED, Examples, Task, TaskData, draw_part

if TYPE_CHECKING:
    from edgeslim.training.program_net import ProgramNet

__all__ = ["Trial", "TrialNetwork", "examples_fingerprint", "trial_on"]

_GRADIENT_BATCHES = 16
_GRADIENT_BATCH = 32

_ENOUGH = 2000
"""Number of examples that measure a share to about two percentage points."""


class TrialNetwork:
    """A saved model that is loaded when first needed, since Paddle takes seconds to import.

    Args:
        prefix: The model, as ``prefix.pdmodel`` and ``prefix.pdiparams``.
    """

    def __init__(self, prefix: Path) -> None:
        self._prefix = prefix

    @cached_property
    def net(self) -> ProgramNet:
        """The network to run; modules that import Paddle are imported after it is set up here."""
        load_paddle()
        from edgeslim.training.program_net import load_program_net

        return load_program_net(self._prefix)

    @cached_property
    def tensors(self) -> dict[str, NDArray[Any]]:
        """Values of the model's parameters, by name."""
        return self.net.tensors()


class Trial:
    """Evaluates a model with a part of its channels.

    With all weights that make or read a channel set to zero, a network gives the same outputs as
    without the channel, to the last digits; so one network serves for all widths.

    Args:
        network: The model, loaded when needed.
        data: Data of the task.
        examples: Examples that the model is evaluated on.
    """

    def __init__(self, network: TrialNetwork, data: TaskData, examples: Examples) -> None:
        self._network = network
        self._data = data
        self.examples = examples
        self._baseline: float | None = None

    def with_enough_examples(self, seed: int) -> Trial:
        """The same model on as many examples as small losses need, if there are more.

        Args:
            seed: Seed of the choice of examples, which include the trial's own.
        """
        every = self._data.validation
        if len(self.examples) >= min(_ENOUGH, len(every)):
            return self
        share = min(1.0, _ENOUGH / len(every))
        return Trial(self._network, self._data, draw_part(every, share, seed))

    @property
    def top_k(self) -> int:
        """How many of the highest scores count as correct, where the metric counts them."""
        return int(getattr(self._data.metric, "highest", 1))

    def with_interval(self, value: float) -> MetricValue:
        """A metric that was measured on the examples, with its interval."""
        return metric_value(value, len(self.examples), self._data.metric)

    def baseline(self, on_share: Callable[[float], None] = lambda _: None) -> float:
        """The metric of the whole model, measured once; raises the same errors as `evaluate`.

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
        """The metric with the channels of a selection; the model is whole again afterwards.

        Raises:
            BadFileError: An example cannot be read.
            ModelError: Scores or the metric are not finite numbers.
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
    """Makes the trial of a model on a task.

    Args:
        model: The model, prepared and not fused.
        task: Task that the model is evaluated on.
        share: Share of the validation examples that are used, the same each time.
        seed: Seed of the choice of examples.
        metric: Name of one of the task's metrics; by default its own.

    Raises:
        UnknownNameError: The task has no such metric.
        UsageError: The model has several inputs, or the share is not above 0 and at most 1.
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
    return Trial(TrialNetwork(model.prefix), data, draw_part(data.validation, share, seed))


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
