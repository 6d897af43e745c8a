"""Sensitivity of each group alone: the metric with some of its channels removed, all else whole.

PaddleSlim 1.x and PaddleX measured the same for single convolutions; here a group has every
weight that must be pruned alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from edgeslim.channels.groups import ChannelGroup, Channels
from edgeslim.channels.plan import Selection
from edgeslim.errors import ModelError, UsageError
from edgeslim.progress import SILENT, Progress
from edgeslim.pruning.ranking import Rankings, plan_for
from edgeslim.runs.sensitivity_file import SensitivityFile
from edgeslim.runs.sensitivity_rows import kept_width, point_of

__all__ = ["DEFAULT_RATIOS", "EvaluateSelection", "check_metric", "check_ratios", "measure_points"]

DEFAULT_RATIOS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

EvaluateSelection = Callable[[Selection], float]
"""Measures the metric of the model with the channels of a selection."""


def measure_points(
    file: SensitivityFile,
    channels: Channels,
    rankings: Rankings,
    evaluate_selection: EvaluateSelection,
    *,
    groups: Sequence[ChannelGroup],
    ratios: Sequence[float] = DEFAULT_RATIOS,
    progress: Progress = SILENT,
) -> None:
    """Measures each group at each ratio, and adds to the file what it does not have yet.

    Args:
        file: File that each point is written to at once.
        channels: Channel groups of the network.
        rankings: Channels of each group by importance; the last ones are removed first.
        evaluate_selection: Measures the metric with the channels of a selection.
        groups: Channel groups to be measured.
        ratios: Shares of channels that are removed.
        progress: Shows how far it is.

    Raises:
        UsageError: A ratio that is not between 0 and 1.
        ModelError: The metric is not a finite number.
        UnwritableError: The file cannot be written.
    """
    ratios = check_ratios(ratios)
    todo = [(g, ratio) for g in groups for ratio in ratios if (g.name, ratio) not in file]
    context = file.context
    with progress.stage("sensitivity", len(todo)) as stage:
        for group, ratio in todo:
            width = kept_width(group.width, ratio)
            metric = file.metric(group.name, ratio, width)
            if width == group.width:
                metric = context.baseline
            elif metric is None:
                selection = Selection(channels, plan_for({group.name: width}, rankings))
                metric = check_metric(evaluate_selection(selection), context.metric, context.task)
            file.add(
                point_of(
                    group.name,
                    ratio,
                    channels=group.width,
                    metric=metric,
                    baseline=context.baseline,
                )
            )
            stage.advance(note=f"{group.name} at {ratio:g}: {metric:.4f}")


def check_ratios(ratios: Sequence[float]) -> tuple[float, ...]:
    """The ratios in ascending order, each once.

    Raises:
        UsageError: There are none, or one is not between 0 and 1.
    """
    if not ratios:
        raise UsageError("no ratio to measure at")
    for ratio in ratios:
        if not 0 < ratio < 1:
            raise UsageError(f"a ratio is above 0 and below 1, not {ratio:g}")
    # Ratios are told apart as they are written: 0.1 three times is 0.3.
    return tuple(sorted({round(ratio, 6) for ratio in ratios}))


def check_metric(value: float, metric: str, task: str) -> float:
    """The value of a metric, checked to be a finite number.

    Raises:
        ModelError: It is not; the message names the task.
    """
    if not math.isfinite(value):
        raise ModelError(f"the {metric} of the task {task} is {value}, which is not a number")
    return value
