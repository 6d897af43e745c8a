"""Which engines a deployment compares, and which of them is the fastest that is right."""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.deployment.speedup import speedup_of
from edgeslim.engines import ALL, DEFAULT, ENGINES
from edgeslim.errors import ProgramError, ProgramNotFoundError, UnknownNameError, UsageError
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.runs.deployment_records import DeploymentRecord, ModelRecord, SpeedupRecord

__all__ = ["attach_engines", "check_engines", "engine_lines", "engine_ratios"]


def check_engines(asked: Sequence[str]) -> None:
    """Checks names of engines before any work is done.

    Raises:
        UnknownNameError: There is no such engine.
        UsageError: One is given twice, or all together with one.
    """
    for name in asked:
        if name != ALL and name not in ENGINES:
            raise UnknownNameError("engine", name, [*ENGINES.names(), ALL])
        if list(asked).count(name) > 1:
            raise UsageError(f"--engine {name} is given twice")
    if ALL in asked and len(asked) > 1:
        raise UsageError("--engine all is every engine that is there; leave the others out")


def attach_engines(
    sessions: Sequence[DeviceSession], asked: Sequence[str]
) -> tuple[list[DeviceSession], tuple[str, ...]]:
    """Attaches engines to the sessions of a device; returns sessions, and a line for those absent.

    Args:
        sessions: The device, once for each number of threads.
        asked: Names of engines, or the one that means all; empty for Paddle-Lite without a choice.

    Raises:
        ProgramNotFoundError: An engine that was asked for by name is not installed.
    """
    if not asked:
        return list(sessions), ()
    wanted = ENGINES.names() if ALL in asked else list(asked)
    wanted.sort(key=lambda name: name != DEFAULT)  # what others are compared with comes first
    found: list[DeviceSession] = []
    absent: list[str] = []
    for name in wanted:
        engine = ENGINES.get(name)
        try:
            found += [engine.attach(session) for session in sessions]
        except ProgramNotFoundError as error:
            if ALL not in asked:
                raise
            absent.append(f"not compared: {error}")
    if not found:
        raise ProgramError("; ".join(absent))
    return found, tuple(absent)


def engine_ratios(models: Sequence[ModelRecord]) -> tuple[SpeedupRecord, ...]:
    """How many times as fast the fastest model is as the best of each other engine.

    Models with as many threads are compared with it where an engine has one; of several, the
    fastest.

    Args:
        models: Variants of the model with the fastest marked.
    """
    fastest = next((model for model in models if model.fastest), None)
    if fastest is None:
        return ()
    others: dict[str, list[ModelRecord]] = {}
    for model in models:
        if model.engine != fastest.engine:
            others.setdefault(model.engine, []).append(model)
    best = (
        min(own, key=lambda model: (model.threads != fastest.threads, model.latency_ms))
        for own in others.values()
    )
    found = (speedup_of(fastest, other) for other in best)
    return tuple(sorted(filter(None, found), key=lambda speedup: speedup.ratio))


def engine_lines(record: DeploymentRecord) -> list[str]:
    """The verdict on several engines, in words; nothing where there was no choice."""
    lines = []
    for speedup in record.engine_ratios:
        winner, other = record.model(speedup.model), record.model(speedup.baseline)
        low, high = speedup.interval
        verdict = (
            f"{winner.engine} is {speedup.ratio:.3f} times as fast as {other.engine}"
            if low > 1
            else f"{winner.engine} and {other.engine} are not told apart: {speedup.ratio:.3f} times"
        )
        threads = (
            ""
            if winner.threads == other.threads
            else f" with {winner.threads} threads against {other.threads}"
        )
        lines.append(
            f"{verdict}{threads} (another deployment of {speedup.rounds} rounds would say "
            f"{low:.3f} to {high:.3f} in {speedup.level:.0%} of all cases)"
        )
    return lines
