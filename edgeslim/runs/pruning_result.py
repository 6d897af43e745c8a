"""The result of a pruning."""

from __future__ import annotations

import msgspec

from edgeslim.training.metric_value import MetricValue, wilson_interval

__all__ = ["JointLoss", "PrunedGroup", "Pruning"]


class JointLoss(msgspec.Struct, frozen=True, kw_only=True):
    """A network whose groups were cut together: its expected metric, and the one it has.

    Args:
        widths: Number of channels of each group, by name.
        expected: The metric if the losses of the single groups add up.
        found: The metric that was measured.
        examples: Number of examples it was measured on.
        is_guess: Whether the metric is no better than guessing, as far as the examples can tell.
        taken: Whether these widths were chosen.
    """

    widths: dict[str, int]
    expected: float
    found: float
    examples: int
    is_guess: bool = False
    taken: bool = False

    @property
    def is_as_expected(self) -> bool:
        """Whether the metric is no worse than expected, as far as the examples can tell."""
        return self.expected <= wilson_interval(self.found, self.examples)[1]


class PrunedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A channel group, before and after.

    Args:
        name: Name of the group.
        producers: Names of the weights whose output channels form it.
        before: Number of its channels before the pruning.
        after: Number of its channels now.
    """

    name: str
    producers: tuple[str, ...]
    before: int
    after: int


class Pruning(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a pruning.

    Args:
        model: Folder of the pruned model.
        macs_before: Multiply-accumulate operations of the original model.
        macs_after: Multiply-accumulate operations of the pruned model.
        parameters_before: Trainable parameters of the original model.
        parameters_after: Trainable parameters of the pruned model.
        counter: How the goal counts work: ``macs`` or ``paddleslim1-flops``.
        work_before: Work of the original model by that counter.
        work_after: Work of the pruned model by that counter.
        groups: All channel groups of the model.
        predicted_ms: Latency of the pruned model by the table, if there was one.
        measured_ms: Latency of the pruned model on the device, if it was measured.
        predicted_before_ms: Latency of the original model by the table.
        measured_before_ms: Latency of the original model on the device, if it was measured.
        advice: What would make the model faster, if it got no faster.
        raised: Groups that are wider than the goal asks, since the table says it costs no time.
        metric: Name of the task's metric; empty without a task.
        metric_before: Metric of the original model.
        metric_pruned: Metric of the pruned model before training, in the last step.
        metric_after: Metric of the final model, trained or not.
        judged: These with their examples and intervals, as ``before``, ``pruned`` and ``after``.
        trained_epochs: Epochs of training after the last cut; None without a task, and in
            results of versions that did not record it.
        together: Expected and measured metrics of networks with several groups cut, of all steps.
        warning: Channel groups of which almost nothing is left, in words; or empty.
        note: Why nothing was cut, if the model is unchanged; or empty.
        trade_off: With ``metric_loss`` as the goal: losses that each group alone may cause, as
            shares of the metric, and the share of parameters that each would remove.
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
