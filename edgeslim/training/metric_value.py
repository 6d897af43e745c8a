"""A metric with what it is of: how many examples, and how far so few can tell it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import msgspec

from edgeslim.training.tasks import Metric
from edgeslim.training.tasks._classification import TopOne

__all__ = ["MetricValue", "Z", "few_examples", "metric_value", "metric_values", "wilson"]

Z = 1.959963984540054
"""Standard deviations of an interval that holds the truth in 95 of 100 cases."""

_WIDE = 0.03
"""Half of an interval, in the metric: what is told no better hides what a pruning costs."""


class MetricValue(msgspec.Struct, frozen=True, kw_only=True):
    """What was found on some examples.

    Args:
        value: From 0 to 1, higher is better.
        examples: How many it was found on.
        low: Lower end of its 95 % interval, if it is a share of the examples.
        high: Upper end, likewise. A mean average precision is no such share and has none.
    """

    value: float
    examples: int
    low: float | None = None
    high: float | None = None

    @property
    def about(self) -> str:
        """How sure it is, for people: ``360 examples, 95.0 to 98.5 %``."""
        known = f"{self.examples:,} examples"
        if self.low is None or self.high is None:
            return known
        return f"{known}, {100 * self.low:.1f} to {100 * self.high:.1f} %"


def wilson(share: float, count: float) -> tuple[float, float]:
    """The 95 % interval of a share of a number of trials, by Wilson's score.

    Other than the usual one it is right for shares near 0 and 1 and for few trials
    (E. B. Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953).

    Args:
        share: That was found, from 0 to 1.
        count: Of so many; above 0.
    """
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z * math.sqrt(share * (1 - share) / count + (Z / (2 * count)) ** 2) / (1 + Z**2 / count)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    # At 0 and 1 the ends are these but for rounding.
    return min(low, share), max(high, share)


def metric_value(value: float, examples: int, metric: Callable[[], Metric]) -> MetricValue:
    """A metric of examples, with its interval if it counts those that are right.

    Args:
        value: What was found.
        examples: On how many.
        metric: What counted, as ``TaskData.metric``.
    """
    if not (isinstance(metric, type) and issubclass(metric, TopOne)):
        return MetricValue(value=value, examples=examples)
    low, high = wilson(value, examples)
    return MetricValue(value=value, examples=examples, low=low, high=high)


def metric_values(
    values: Mapping[str, float], examples: int, metrics: Mapping[str, Callable[[], Metric]]
) -> dict[str, MetricValue]:
    """Several metrics of the same examples, by name; see `metric_value`."""
    return {name: metric_value(each, examples, metrics[name]) for name, each in values.items()}


def few_examples(name: str, found: MetricValue) -> str:
    """A sentence if the examples are too few to tell small losses, or nothing.

    Args:
        name: Of the metric.
        found: Of the whole model.
    """
    low, high = found.low, found.high
    if low is None or high is None or (high - low) / 2 <= _WIDE:
        return ""
    return (
        f"{found.examples:,} examples tell an {name} of {found.value:.1%} from {low:.1%} to "
        f"{high:.1%} only: smaller losses than that are chance; judge by more examples"
    )
