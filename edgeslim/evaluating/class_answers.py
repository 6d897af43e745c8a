"""Answers of classifiers, and those of networks for tasks with a metric of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.errors import ModelError
from edgeslim.evaluating.answers import Answers, ComparedAnswers
from edgeslim.evaluating.paired_statistics import (
    LEVEL,
    bootstrap_interval,
    bootstrap_method,
    mcnemar_p,
    newcombe_interval,
)
from edgeslim.runs.device_accuracy import PairedMetric
from edgeslim.training.metric_value import metric_value
from edgeslim.training.tasks import Metric, Targets, TopOne

__all__ = ["OutputJudge", "compare_shares"]

_DRAWS = 200
"""Bootstraps of a metric whose parts nobody knows: each one counts all pictures anew."""

_FINITE, _OUTPUT, _TARGET = "finite", "output", "target"


def compare_shares(
    name: str, device: NDArray[np.bool_], paddle: NDArray[np.bool_], metric: type[TopOne]
) -> PairedMetric:
    """The shares of pictures that two have right, and their difference.

    Args:
        name: Name of the metric.
        device: Whether the device has each picture right, ``(pictures,)``.
        paddle: Whether Paddle has, ``(pictures,)``.
        metric: The metric that says so.
    """
    count = len(device)
    both, neither = int((device & paddle).sum()), int((~device & ~paddle).sum())
    first, second = int((device & ~paddle).sum()), int((~device & paddle).sum())
    return PairedMetric(
        name=name,
        device=metric_value((both + first) / count, count, metric),
        paddle=metric_value((both + second) / count, count, metric),
        difference=(first - second) / count,
        interval=newcombe_interval(both, first, second, neither),
        level=LEVEL,
        method="Newcombe's interval for paired shares (method 10)",
        only_device=first,
        only_paddle=second,
        p_value=mcnemar_p(first, second),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputJudge:
    """Keeps outputs and targets, and counts them by the task's metrics.

    Args:
        metrics: Makers of the metrics by name, the task's own first.
        class_names: Names of the classes; empty if they have none.
    """

    metrics: Mapping[str, Callable[[], Metric]]
    class_names: Sequence[str] = ()

    @property
    def classifies(self) -> bool:
        """Whether all metrics are shares of pictures whose class is right."""
        return all(_is_share(metric) for metric in self.metrics.values())

    def answers(
        self, outputs: Sequence[NDArray[Any]], targets: Targets, finite: NDArray[np.bool_]
    ) -> dict[str, NDArray[Any]]:
        # Of a classifier, the first output is all that anybody reads.
        kept, held = (outputs[:1], targets[:1]) if self.classifies else (outputs, targets)
        found = {
            _FINITE: finite,
            **{f"{_OUTPUT}{place}": array for place, array in enumerate(kept)},
            **{f"{_TARGET}{place}": array for place, array in enumerate(held)},
        }
        for metric in self.metrics.values():
            metric().update(*_parts(found))  # whatever does not fit is told with the first batch
        return found

    def kept_bytes(self, outputs_bytes: int) -> int:
        return outputs_bytes

    def compare(self, device: Answers, paddle: Answers) -> ComparedAnswers:
        unfinished = int((~device[_FINITE]).sum())
        if unfinished and not self.classifies:
            raise ModelError(
                f"the device gives no finite numbers for {unfinished} of {len(device[_FINITE])} "
                "pictures, and the task does not say what such a picture counts"
            )
        metrics = tuple(
            self._share(name, metric, device, paddle)
            if _is_share(metric)
            else self._resample(name, metric, device, paddle)
            for name, metric in self.metrics.items()
        )
        return ComparedAnswers(
            metrics=metrics,
            differs=self._differs(device, paddle),
            texts=lambda picture: self._texts(device, paddle, picture),
            names_answers=self._names_classes(paddle),
        )

    def _share(
        self, name: str, metric: Callable[[], Metric], device: Answers, paddle: Answers
    ) -> PairedMetric:
        assert isinstance(metric, type)  # noqa: S101 - a share is made by its class
        assert issubclass(metric, TopOne)  # noqa: S101
        device_right, paddle_right = (
            metric().are_right(*_parts(answers)) & answers[_FINITE] for answers in (device, paddle)
        )
        return compare_shares(name, device_right, paddle_right, metric)

    def _resample(
        self, name: str, metric: Callable[[], Metric], device: Answers, paddle: Answers
    ) -> PairedMetric:
        """A metric of the task's own, counted anew for pictures that are drawn anew."""
        count = len(device[_FINITE])

        def value(answers: Answers, indices: NDArray[np.int64]) -> float:
            counter = metric()
            outputs, targets = _parts(answers)
            counter.update([o[indices] for o in outputs], tuple(t[indices] for t in targets))
            return float(counter.value())

        def difference(times: NDArray[np.int64]) -> float:
            indices = np.repeat(np.arange(count), times)
            return value(device, indices) - value(paddle, indices)

        all_once = np.arange(count)
        own, other = value(device, all_once), value(paddle, all_once)
        return PairedMetric(
            name=name,
            device=metric_value(own, count, metric),
            paddle=metric_value(other, count, metric),
            difference=own - other,
            interval=bootstrap_interval(difference, count, _DRAWS),
            level=LEVEL,
            method=bootstrap_method(count, _DRAWS),
        )

    def _differs(self, device: Answers, paddle: Answers) -> NDArray[np.bool_]:
        if not self._names_classes(paddle):
            return ~np.asarray(device[_FINITE])
        ours, theirs = (answers[f"{_OUTPUT}0"].argmax(axis=1) for answers in (device, paddle))
        return np.asarray((ours != theirs) | ~device[_FINITE])

    def _names_classes(self, answers: Answers) -> bool:
        return answers[f"{_OUTPUT}0"].ndim == 2 and self.classifies

    def _texts(self, device: Answers, paddle: Answers, picture: int) -> tuple[str, str, str]:
        if not self._names_classes(paddle):
            return "", "", ""
        truth = self._class_name(int(paddle[f"{_TARGET}0"][picture]))
        if not device[_FINITE][picture]:
            return truth, "no finite numbers", self._top(paddle[f"{_OUTPUT}0"][picture])
        ours, theirs = (self._top(answers[f"{_OUTPUT}0"][picture]) for answers in (device, paddle))
        return truth, ours, theirs

    def _top(self, scores: NDArray[Any]) -> str:
        best = int(scores.argmax())
        return f"{self._class_name(best)} ({float(scores[best]):.4g})"

    def _class_name(self, number: int) -> str:
        known = number < len(self.class_names)
        return self.class_names[number] if known else f"class {number}"


def _is_share(metric: Callable[[], Metric]) -> bool:
    return isinstance(metric, type) and issubclass(metric, TopOne)


def _parts(answers: Answers) -> tuple[list[NDArray[Any]], Targets]:
    """Outputs and targets of answers, in their order."""
    found: dict[str, list[NDArray[Any]]] = {_OUTPUT: [], _TARGET: []}
    for kind, arrays in found.items():
        while (name := f"{kind}{len(arrays)}") in answers:
            arrays.append(answers[name])
    return found[_OUTPUT], tuple(found[_TARGET])
