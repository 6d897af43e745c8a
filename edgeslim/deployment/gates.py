"""Limits that a deployment must meet to pass: a gate for whoever ships models by a script."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from edgeslim.deployment.deployed import format_variant
from edgeslim.durations import format_ms, parse_ms
from edgeslim.errors import UsageError
from edgeslim.options import Option
from edgeslim.runs.deployment_records import GateRecord, ModelRecord, SpeedupRecord

__all__ = ["NO_GATES", "Gates", "judge_gates"]


_GATES = Option("Limits for a script")


@dataclass(frozen=True, kw_only=True, slots=True)
class Gates:
    """Limits for the fastest variant; None is no limit.

    Raises:
        UsageError: A limit is not above 0, or not finite.
    """

    latency_ms: Annotated[float | None, _GATES("--assert-latency", parse=parse_ms)] = None
    """Exit with 1 if the fastest variant takes longer: 20ms."""
    speedup: Annotated[float | None, _GATES("--assert-speedup")] = None
    """Exit with 1 if the fastest variant's speed-up over the baseline is smaller: 1.2."""

    def __post_init__(self) -> None:
        for option, value in (
            ("--assert-latency", self.latency_ms),
            ("--assert-speedup", self.speedup),
        ):
            if value is not None and not 0 < value < float("inf"):
                raise UsageError(f"{option} must be above 0, not {value:g}")


NO_GATES = Gates()
"""No limits."""


def judge_gates(
    gates: Gates, models: Iterable[ModelRecord], speedups: Iterable[SpeedupRecord]
) -> tuple[GateRecord, ...]:
    """Judges whether the fastest variant meets each limit.

    What decides is the measured value itself, and not an end of its interval: a stricter gate
    would refuse half of all models that are exactly as fast as asked for because the machine was
    busy. Where the limit is inside the interval another run might decide otherwise, and the line
    says so.
    """
    fastest = next((model for model in models if model.fastest), None)
    if fastest is None:
        return ()
    found: list[GateRecord] = []
    name = f"{fastest.name} in {format_variant(fastest.precision, fastest.threads)}"
    if gates.latency_ms is not None:
        found.append(_judge_latency(name, fastest, gates.latency_ms))
    speedup = next((candidate for candidate in speedups if candidate.model == fastest.id), None)
    if gates.speedup is not None and speedup is not None:
        found.append(_judge_speedup(name, speedup, gates.speedup))
    elif gates.speedup is not None:
        found.append(_judge_missing_speedup(name, fastest, gates.speedup))
    return tuple(found)


def _judge_latency(name: str, model: ModelRecord, limit_ms: float) -> GateRecord:
    found_ms, interval = model.latency_ms, model.latency_interval_ms
    over_ms = found_ms - limit_ms
    met = over_ms <= 0
    by = f"{format_ms(abs(over_ms))} ({abs(over_ms) / limit_ms:.1%})"
    range_text = "" if interval is None else f" ({' to '.join(map(format_ms, interval))})"
    return GateRecord(
        model=model.id,
        asked=f"--assert-latency {limit_ms:g}ms",
        limit=limit_ms,
        found=found_ms,
        interval=interval,
        met=met,
        line=(
            f"{name} takes {format_ms(found_ms)}{range_text}, {by} "
            f"{'within' if met else 'over'} the limit of {format_ms(limit_ms)}"
            f"{_doubt_clause(interval, limit_ms)}"
        ),
    )


def _judge_speedup(name: str, speedup: SpeedupRecord, limit: float) -> GateRecord:
    low, high = speedup.interval
    met = speedup.ratio >= limit
    difference = abs(speedup.ratio - limit)
    by = f"{difference:.3f} ({difference / limit:.1%}) {'above' if met else 'below'}"
    return GateRecord(
        model=speedup.model,
        asked=f"--assert-speedup {limit:g}",
        limit=limit,
        found=speedup.ratio,
        interval=speedup.interval,
        met=met,
        line=(
            f"{name} is {speedup.ratio:.3f} times as fast as the baseline ({low:.3f} to "
            f"{high:.3f}), {by} the limit of {limit:g}{_doubt_clause(speedup.interval, limit)}"
        ),
    )


def _judge_missing_speedup(name: str, model: ModelRecord, limit: float) -> GateRecord:
    return GateRecord(
        model=model.id,
        asked=f"--assert-speedup {limit:g}",
        limit=limit,
        found=0.0,
        interval=None,
        met=False,
        line=f"{name} has no speed-up to compare with {limit:g}: the baseline does not run so",
    )


def _doubt_clause(interval: tuple[float, float] | None, limit: float) -> str:
    if interval is None or not interval[0] <= limit <= interval[1]:
        return ""
    return "; the limit is inside the interval, so another run may decide otherwise"
