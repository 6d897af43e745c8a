"""What a search knows of its candidates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from edgeslim.spaces import Tokens

__all__ = ["Candidate", "pareto_front"]


class Candidate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One network of a search.

    Args:
        number: Its place in the order in which candidates were proposed, from 0.
        tokens: The network.
        accuracy: The task's metric, from 0 to 1; 0 if its training failed.
        predicted_ms: Its latency on each device, as it was predicted when it was proposed.
        measured_ms: What each device took; None where nothing was measured.
        final_accuracy: The metric after a training by itself, of a finalist.
        failed: Why it has no accuracy or did not run, or nothing.
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
        """Its latency on each device: measured where it was, or else predicted."""
        measured = self.measured_ms or (None,) * len(self.predicted_ms)
        return tuple(
            predicted if took is None else took
            for predicted, took in zip(self.predicted_ms, measured, strict=True)
        )

    @property
    def is_measured(self) -> bool:
        """Whether any device ran it."""
        return any(each is not None for each in self.measured_ms)


def pareto_front(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The candidates that no other beats in accuracy and every latency, fastest first.

    Of those that are equal in all of them, the first.
    """
    front: list[Candidate] = []
    for each in sorted(candidates, key=lambda one: (one.predicted_ms, -one.accuracy, one.number)):
        if not any(_beats(other, each) for other in front):
            front = [other for other in front if not _beats(each, other)]
            front.append(each)
    return tuple(front)


def _beats(one: Candidate, other: Candidate) -> bool:
    """Whether it is at least as good in everything."""
    return one.accuracy >= other.accuracy and _all_within(one.predicted_ms, other.predicted_ms)


def _all_within(values: Sequence[float], bounds: Sequence[float]) -> bool:
    return all(value <= bound for value, bound in zip(values, bounds, strict=True))
