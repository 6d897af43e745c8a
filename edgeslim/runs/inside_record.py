"""The record of what each operator of a network took inside it."""

from __future__ import annotations

import msgspec

from edgeslim.opspec import OpSpec

__all__ = ["SUM_WITHIN", "InsideOperator", "InsideRecord"]

SUM_WITHIN = 0.02
"""Share of the whole network that the sum of its operators may be off by."""


class InsideOperator(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator took in its network, or several neighbours that were not told apart.

    Args:
        first, last: Places of the first and the last of them in the network, from 0.
        kinds: Their kinds in the optimized file.
        latency_ms: What they took together in one run of the network.
        interval_ms: 90 % interval of that.
        operator: Kind, shapes and attributes of a single one; None of several, or if unknown.
        predicted_ms: What the table says that they take in this network; None if it does not know.
    """

    first: int
    last: int
    kinds: tuple[str, ...]
    latency_ms: float
    interval_ms: tuple[float, float]
    operator: OpSpec | None = None
    predicted_ms: float | None = None

    @property
    def title(self) -> str:
        """What the operators are, for people."""
        return ", ".join(self.kinds) if self.operator is None else str(self.operator)

    @property
    def is_explained(self) -> bool:
        """Whether the prediction is within the interval."""
        low, high = self.interval_ms
        return self.predicted_ms is not None and low <= self.predicted_ms <= high

    @property
    def difference(self) -> float | None:
        """Share by which the prediction is above what was measured inside; None if unknown."""
        if self.predicted_ms is None or self.latency_ms <= 0:
            return None
        return self.predicted_ms / self.latency_ms - 1


class InsideRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What all operators of a network took in it.

    Args:
        operators: The operators in the order they run.
        whole_ms: What the whole network took in the same rounds: the latency that a quarter of
            the runs is below.
        whole_interval_ms: 90 % interval of that.
        rounds: Number of rounds in which each part of the network was timed once.
        seconds: How long they took.
        disturbed: Share of all turns that other programs interrupted.
    """

    operators: tuple[InsideOperator, ...]
    whole_ms: float
    whole_interval_ms: tuple[float, float]
    rounds: int
    seconds: float
    disturbed: float = 0.0

    @property
    def sum_ms(self) -> float:
        """What all operators took together."""
        return sum(own.latency_ms for own in self.operators)

    @property
    def sum_difference(self) -> float:
        """Share by which the sum of the operators is above the whole network."""
        return self.sum_ms / self.whole_ms - 1

    @property
    def sum_is_whole(self) -> bool:
        """Whether the sum of the operators is the whole network, to 2 %."""
        return abs(self.sum_difference) <= SUM_WITHIN
