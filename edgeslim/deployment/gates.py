"""Limits that a deployment must meet to pass: a gate for whoever ships models by a script."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edgeslim.deployment.deployed import told_way
from edgeslim.durations import format_ms
from edgeslim.errors import UsageError
from edgeslim.runs.deployment_records import GateRecord, ModelRecord, SpeedupRecord

__all__ = ["NO_GATES", "Gates", "judged"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Gates:
    """What is asked of the fastest way.

    Args:
        latency_ms: It takes no longer.
        speedup: It is at least so many times as fast as the baseline.

    Raises:
        UsageError: A limit that is none.
    """

    latency_ms: float | None = None
    speedup: float | None = None

    def __post_init__(self) -> None:
        for option, value in (
            ("--assert-latency", self.latency_ms),
            ("--assert-speedup", self.speedup),
        ):
            if value is not None and not 0 < value < float("inf"):
                raise UsageError(f"{option} must be above 0, not {value:g}")


NO_GATES = Gates()
"""Nothing is asked for."""


def judged(
    gates: Gates, models: Iterable[ModelRecord], speedups: Iterable[SpeedupRecord]
) -> tuple[GateRecord, ...]:
    """Whether each limit is met by the fastest way.

    What decides is the measured value itself, as a limit on a latency is meant, and not an end
    of its interval: a strict gate would refuse half of all models that are exactly as fast as
    asked for because the machine was busy. Where the interval has the limit inside, another run
    might decide otherwise, and the line says so.
    """
    fastest = next((each for each in models if each.fastest), None)
    if fastest is None:
        return ()
    found: list[GateRecord] = []
    name = f"{fastest.name} in {told_way(fastest.precision, fastest.threads)}"
    if gates.latency_ms is not None:
        found.append(_latency(name, fastest, gates.latency_ms))
    speedup = next((each for each in speedups if each.model == fastest.id), None)
    if gates.speedup is not None and speedup is not None:
        found.append(_speedup(name, speedup, gates.speedup))
    elif gates.speedup is not None:
        found.append(_no_speedup(name, fastest, gates.speedup))
    return tuple(found)


def _latency(name: str, model: ModelRecord, limit_ms: float) -> GateRecord:
    found_ms, interval = model.latency_ms, model.latency_interval_ms
    over_ms = found_ms - limit_ms
    met = over_ms <= 0
    by = f"{format_ms(abs(over_ms))} ({abs(over_ms) / limit_ms:.1%})"
    told = "" if interval is None else f" ({format_ms(interval[0])} to {format_ms(interval[1])})"
    return GateRecord(
        model=model.id,
        asked=f"--assert-latency {limit_ms:g}ms",
        limit=limit_ms,
        found=found_ms,
        interval=interval,
        met=met,
        line=(
            f"{name} takes {format_ms(found_ms)}{told}, {by} "
            f"{'within' if met else 'over'} the limit of {format_ms(limit_ms)}"
            f"{_doubt(interval, limit_ms)}"
        ),
    )


def _speedup(name: str, speedup: SpeedupRecord, limit: float) -> GateRecord:
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
            f"{high:.3f}), {by} the limit of {limit:g}{_doubt(speedup.interval, limit)}"
        ),
    )


def _no_speedup(name: str, model: ModelRecord, limit: float) -> GateRecord:
    return GateRecord(
        model=model.id,
        asked=f"--assert-speedup {limit:g}",
        limit=limit,
        found=0.0,
        interval=None,
        met=False,
        line=f"{name} has no speed-up to be judged by {limit:g}: the baseline does not run so",
    )


def _doubt(interval: tuple[float, float] | None, limit: float) -> str:
    if interval is None or not interval[0] <= limit <= interval[1]:
        return ""
    return "; the interval has the limit inside, so that another run may decide otherwise"
