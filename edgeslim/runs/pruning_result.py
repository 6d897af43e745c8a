"""What came of a pruning."""

from __future__ import annotations

import msgspec

from edgeslim.training.metric_value import MetricValue, wilson

__all__ = ["JointLoss", "PrunedGroup", "Pruning"]


class JointLoss(msgspec.Struct, frozen=True, kw_only=True):
    """A network whose groups were cut together: what was said of it, and what was found.

    Args:
        widths: Of its groups.
        expected: The metric by losses that add up.
        found: The metric as it is.
        examples: Found on so many.
        is_guess: Whether that is no better than guessing, as far as the examples can tell.
        taken: Whether these widths were taken.
    """

    widths: dict[str, int]
    expected: float
    found: float
    examples: int
    is_guess: bool = False
    taken: bool = False

    @property
    def is_as_expected(self) -> bool:
        """Whether it is no worse than expected, as far as the examples can tell."""
        return self.expected <= wilson(self.found, self.examples)[1]


class PrunedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A channel group, before and after.

    Args:
        name: Its name.
        producers: Weights whose output channels it is.
        before: How many channels it had.
        after: How many it has now.
    """

    name: str
    producers: tuple[str, ...]
    before: int
    after: int


class Pruning(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a pruning.

    Args:
        model: Folder of the pruned model.
        macs_before: Multiply-accumulate operations of the model as it was.
        macs_after: Of the pruned one.
        parameters_before: Trainable parameters, as it was.
        parameters_after: Of the pruned one.
        counter: How the goal counts work.
        work_before: Work by that counter, of the model as it was.
        work_after: Of the pruned one.
        groups: All channel groups.
        predicted_ms: Latency of the pruned one by the table, if there was one.
        measured_ms: By the device, if it was asked.
        predicted_before_ms: Of the model as it was, by the table.
        measured_before_ms: By the device, where it measured that too.
        advice: What makes it faster, if it got no faster.
        raised: Groups that are wider than the goal asks, since that takes no longer by the table.
        metric: Name of the task's metric, or nothing.
        metric_before: Of the model as it was.
        metric_pruned: Of the pruned one before training (of the last step).
        metric_after: Of the model as it is left, trained or not.
        judged: These with their examples and intervals, as ``before``, ``pruned`` and ``after``.
        trained_epochs: How many epochs it was trained for after the last cut; None without a task
            and in results of versions that did not say.
        together: What groups were said to cost together and what they did, network by network,
            of all steps.
        warning: Of which groups next to nothing is left, if there are such.
        note: Why nothing was cut, if nothing was: then the model is as it came.
        trade_off: What each group alone may cost, as a share of the metric, and the share of
            the parameters that would go then; where that was the goal.
    """

    model: str
    macs_before: int
    macs_after: int
    parameters_before: int
    parameters_after: int
    groups: tuple[PrunedGroup, ...]
    predicted_ms: float | None = None
    measured_ms: float | None = None
    predicted_before_ms: float | None = None
    measured_before_ms: float | None = None
    advice: str = ""
    raised: tuple[str, ...] = ()
    metric: str = ""
    metric_before: float | None = None
    metric_pruned: float | None = None
    metric_after: float | None = None
    judged: dict[str, MetricValue] = {}
    trained_epochs: int | None = None
    together: tuple[JointLoss, ...] = ()
    warning: str = ""
    note: str = ""
    trade_off: tuple[tuple[float, float], ...] = ()
    counter: str = "macs"
    work_before: int = 0
    work_after: int = 0
