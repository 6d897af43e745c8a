"""Limits that a deployment must meet to pass: a gate for whoever ships models by a script."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from edgeslim.deployment.limit_judge import LimitJudge
from edgeslim.durations import parse_ms
from edgeslim.errors import UsageError
from edgeslim.options import Option
from edgeslim.runs.deployment_records import GateRecord, ModelRecord, SpeedupRecord
from edgeslim.sizes import parse_kb, parse_mb

__all__ = ["NO_GATES", "Gates", "judge_gates"]


_GATES = Option("Limits for a script")


@dataclass(frozen=True, kw_only=True, slots=True)
class Gates:
    """Limits for the fastest variant; None is no limit.

    Raises:
        UsageError: A limit is not above 0, or not finite.
    """

    latency_ms: Annotated[float | None, _GATES("--assert-latency", parse=parse_ms)] = None
    """The fastest variant takes at most so long: 20ms. PASS, FAIL or INCONCLUSIVE is said of each
    limit; the command ends with 1 if one is missed, else with 3 if one is not decided."""
    speedup: Annotated[float | None, _GATES("--assert-speedup")] = None
    """Its speed-up over the baseline is at least so large: 1.2."""
    p99_ms: Annotated[float | None, _GATES("--target-p99", parse=parse_ms)] = None
    """99 of 100 of its runs take at most so long: 25ms."""
    p999_ms: Annotated[float | None, _GATES("--target-p999", parse=parse_ms)] = None
    """999 of 1,000 of its runs take at most so long."""
    load_ms: Annotated[float | None, _GATES("--max-load", parse=parse_ms)] = None
    """It is loaded in so long, from the disk where the page cache can be dropped: 300ms."""
    first_ms: Annotated[float | None, _GATES("--max-first", parse=parse_ms)] = None
    """Its first run takes at most so long: 100ms."""
    memory_mb: Annotated[float | None, _GATES("--max-memory", parse=parse_mb)] = None
    """Runtime and model take at most so much memory: 64M."""
    growth_kb: Annotated[float | None, _GATES("--max-growth", parse=parse_kb)] = None
    """Its process grows by at most so much in each run of --soak: 1k."""

    def __post_init__(self) -> None:
        for option, value in (
            ("--assert-latency", self.latency_ms),
            ("--assert-speedup", self.speedup),
            ("--target-p99", self.p99_ms),
            ("--target-p999", self.p999_ms),
            ("--max-load", self.load_ms),
            ("--max-first", self.first_ms),
            ("--max-memory", self.memory_mb),
            ("--max-growth", self.growth_kb),
        ):
            if value is not None and not 0 < value < float("inf"):
                raise UsageError(f"{option} must be above 0, not {value:g}")

    @property
    def needs_rounds(self) -> bool:
        """Whether a limit depends on timed rounds."""
        limits = (self.latency_ms, self.speedup, self.p99_ms, self.p999_ms)
        return any(limit is not None for limit in limits)


NO_GATES = Gates()
"""No limits."""


def judge_gates(
    gates: Gates,
    models: Iterable[ModelRecord],
    speedups: Iterable[SpeedupRecord],
    *,
    look: int = 1,
) -> tuple[GateRecord, ...]:
    """Judges whether the fastest variant meets each limit.

    A limit is met or missed when the interval of what was measured is on one side of it; else it
    is not decided, and the line says what would decide it (`edgeslim.deployment.verdict`).

    Args:
        gates: The limits, of which those that are None are left out.
        models: Variants of the model.
        speedups: Their speed-ups over the baseline.
        look: How often these limits have been looked at, this time included.
    """
    fastest = next((model for model in models if model.fastest), None)
    if fastest is None:
        return ()
    judge = LimitJudge(fastest, look)
    speedup = next((candidate for candidate in speedups if candidate.model == fastest.id), None)
    found: list[GateRecord] = []
    if gates.latency_ms is not None:
        found.append(judge.latency(gates.latency_ms))
    if gates.speedup is not None:
        found.append(judge.speedup(speedup, gates.speedup))
    for share, limit_ms, option in (
        (0.99, gates.p99_ms, "--target-p99"),
        (0.999, gates.p999_ms, "--target-p999"),
    ):
        if limit_ms is not None:
            found.append(judge.quantile(share, limit_ms, option))
    if gates.load_ms is not None:
        found.append(judge.load(gates.load_ms))
    if gates.first_ms is not None:
        found.append(judge.first_run(gates.first_ms))
    if gates.memory_mb is not None:
        found.append(judge.memory(gates.memory_mb))
    if gates.growth_kb is not None:
        found.append(judge.growth(gates.growth_kb))
    return tuple(found)
