"""Candidates of a search: networks with their accuracies and latencies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from edgeslim.spaces import Tokens

__all__ = ["Candidate", "pareto_front"]


class Candidate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One network of a search.

    Args:
        number: Its index in the order in which candidates were proposed, from 0.
        tokens: Tokens of the network.
        accuracy: The task's metric, from 0 to 1; 0 if its training failed.
        predicted_ms: Its latency on each device, predicted when it was proposed.
        measured_ms: Its measured latency on each device; None where it was not measured.
        final_accuracy: Of a finalist, the metric after a training by itself.
        failed: Why it has no accuracy or did not run; empty if nothing failed.
    """

    number: int
    tokens: Tokens
    accuracy: float
    predicted_ms: tuple[float, ...]
    measured_ms: tuple[float | None, ...] = ()
    final_accuracy: float | None = None
    failed: str = ""

    @property
    def latencies_ms(self) -> tuple[float, ...]:
        """Its latency on each device: measured if possible, otherwise predicted."""
        measured = self.measured_ms or (None,) * len(self.predicted_ms)
        return tuple(
            predicted if took is None else took
            for predicted, took in zip(self.predicted_ms, measured, strict=True)
        )

    @property
    def is_measured(self) -> bool:
        """Whether any device ran it."""
        return any(latency_ms is not None for latency_ms in self.measured_ms)


def pareto_front(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The Pareto front in accuracy and all latencies, fastest first.

    Of several candidates that are equal in all of these, the first is kept.
    """
    front: list[Candidate] = []
    for candidate in sorted(
        candidates, key=lambda one: (one.predicted_ms, -one.accuracy, one.number)
    ):
        if not any(_beats(other, candidate) for other in front):
            front = [other for other in front if not _beats(candidate, other)]
            front.append(candidate)
    return tuple(front)


def _beats(one: Candidate, other: Candidate) -> bool:
    """Whether one candidate is at least as good as another in accuracy and every latency."""
    return one.accuracy >= other.accuracy and _all_within(one.predicted_ms, other.predicted_ms)


def _all_within(values: Sequence[float], bounds: Sequence[float]) -> bool:
    return all(value <= bound for value, bound in zip(values, bounds, strict=True))
