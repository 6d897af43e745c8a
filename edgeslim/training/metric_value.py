"""A metric with its number of examples and its confidence interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import msgspec

from edgeslim.counts import format_count
from edgeslim.training.tasks import Metric
from edgeslim.training.tasks._classification import TopOne

__all__ = [
    "MetricValue",
    "Z",
    "few_examples_text",
    "metric_value",
    "metric_values",
    "wilson_interval",
]

Z = 1.959963984540054
"""Standard deviations of an interval that holds the truth in 95 of 100 cases."""

_WIDE = 0.03
"""Half the width of an interval above which examples are too few to show what a pruning costs."""


class MetricValue(msgspec.Struct, frozen=True, kw_only=True):
    """A metric on some examples.

    Args:
        value: The metric from 0 to 1, higher is better.
        examples: Number of examples that it was computed on.
        low: Lower end of its 95 % interval, if it is a share of the examples.
        high: Upper end of this interval. A mean average precision is no such share and has none.
    """

    value: float
    examples: int
    low: float | None = None
    high: float | None = None

    @property
    def about(self) -> str:
        """Number of examples and interval as text: ``360 examples, 95.0 to 98.5 %``."""
        known = format_count(self.examples, "example")
        if self.low is None or self.high is None:
            return known
        return f"{known}, {100 * self.low:.1f} to {100 * self.high:.1f} %"


def wilson_interval(share: float, count: float) -> tuple[float, float]:
    """The 95 % interval of a share of a number of trials, by Wilson's score.

    Unlike the usual one, it is valid for shares near 0 and 1 and for few trials
    (E. B. Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953).

    Args:
        share: Share of trials that succeeded, from 0 to 1.
        count: Number of trials, above 0.
    """
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z * math.sqrt(share * (1 - share) / count + (Z / (2 * count)) ** 2) / (1 + Z**2 / count)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    # At 0 and 1 the ends equal the share, except for rounding.
    return min(low, share), max(high, share)


def metric_value(value: float, examples: int, metric: Callable[[], Metric]) -> MetricValue:
    """A metric with its interval, if it is the share of examples that are right.

    Args:
        value: Value of the metric, from 0 to 1.
        examples: Number of examples that it was computed on.
        metric: Maker of the metric, as ``TaskData.metric``.
    """
    if not (isinstance(metric, type) and issubclass(metric, TopOne)):
        return MetricValue(value=value, examples=examples)
    low, high = wilson_interval(value, examples)
    return MetricValue(value=value, examples=examples, low=low, high=high)


def metric_values(
    values: Mapping[str, float], examples: int, metrics: Mapping[str, Callable[[], Metric]]
) -> dict[str, MetricValue]:
    """Several metrics of the same examples, by name; see `metric_value`."""
    return {name: metric_value(value, examples, metrics[name]) for name, value in values.items()}


def few_examples_text(name: str, found: MetricValue) -> str:
    """Warning if the examples are too few to show small losses; otherwise empty.

    Args:
        name: Name of the metric.
        found: The metric of the unpruned model.
    """
    low, high = found.low, found.high
    if low is None or high is None or (high - low) / 2 <= _WIDE:
        return ""
    return (
        f"with {found.examples:,} examples, an {name} of {found.value:.1%} may be {low:.1%} to "
        f"{high:.1%}: smaller losses than that are chance; use more examples"
    )
