"""Which of the models that were tried is the run's, and what to try next."""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.durations import format_ms
from edgeslim.errors import InfeasibleTargetError
from edgeslim.runs.slim_run import SlimCandidate, SlimSettings

__all__ = ["advise", "choose", "is_good"]


def is_good(candidate: SlimCandidate, max_loss: float) -> bool:
    """Whether a model is within the limit and loses no more than it may."""
    return candidate.met and candidate.lost <= max_loss


def choose(candidates: Sequence[SlimCandidate], limit_ms: float) -> SlimCandidate:
    """The most accurate model within the limit.

    Args:
        candidates: All models that were tried, the model as it came among them.
        limit_ms: The limit in milliseconds, for the error.

    Raises:
        InfeasibleTargetError: None is within the limit; the message has the fastest.
    """
    within = [candidate for candidate in candidates if candidate.met]
    if not within:
        fastest = min(candidates, key=lambda one: one.measured_ms)
        raise InfeasibleTargetError(
            f"nothing that was tried comes down to {format_ms(limit_ms, round_up=True)}: the "
            f"fastest is {fastest.name} with {format_ms(fastest.measured_ms)}, in "
            f"{fastest.model}; give a higher --target-latency, or more --means"
        )
    return max(within, key=lambda one: one.metric.value)


def advise(
    chosen: SlimCandidate, settings: SlimSettings, *, met_in_the_end: bool
) -> tuple[str, ...]:
    """What to try next, as sentences.

    Args:
        chosen: The model that the run chose.
        settings: Settings of the run.
        met_in_the_end: Whether the last measurement, beside the original, is within the limit.
    """
    found = []
    if chosen.lost > settings.max_loss:
        found.append(
            f"it loses {chosen.lost:.2%} where {settings.max_loss:.2%} was allowed: give "
            f"--epochs {4 * settings.epochs} or a higher --target-latency, with another --out"
        )
    if not met_in_the_end:
        found.append(
            "measured beside the original it is above the limit that it met alone: the device "
            "may be disturbed, deploy it again; or give a lower --target-latency"
        )
    return tuple(found)
