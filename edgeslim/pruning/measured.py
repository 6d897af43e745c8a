"""How long a device takes for a pruned network, and limits set right by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edgeslim.channels.plan import Selection, first_kept
from edgeslim.conversion.prepare import prepare
from edgeslim.conversion.pruned_model import write_pruned
from edgeslim.errors import InfeasibleTargetError
from edgeslim.files import temporary_folder
from edgeslim.profiling.device_session import DeviceSession
from edgeslim.profiling.drift import DriftWatch
from edgeslim.profiling.networks import measure_networks
from edgeslim.profiling.work import optimized_networks
from edgeslim.progress import Progress
from edgeslim.pruning.limits import LatencyLimit
from edgeslim.pruning.subject import Subject, Widths

__all__ = ["until_met"]

_ROUNDS = 6
_CLOSE = 0.98
"""Share of the target from which on there is nothing more to gain."""

_SAFETY = 0.995
"""What a device repeats differs by so much."""


def until_met(
    choose: Callable[[LatencyLimit], dict[str, int]],
    limit: LatencyLimit,
    session: DeviceSession,
    subject: Subject,
    progress: Progress,
) -> tuple[dict[str, int], float]:
    """Widths that meet a latency as the device measures it, and what it measured.

    Each time the device says something else than was predicted, the limit is set right by
    the ratio of both, and widths are chosen again: narrower ones if it took longer, and wider
    ones if there was room left.

    Args:
        choose: Chooses widths within a limit.
        limit: What is asked for.
        session: The device.
        subject: What is pruned.
        progress: Where to show it.

    Raises:
        InfeasibleTargetError: No widths that were tried met it.
    """
    watch = DriftWatch(session)
    best: tuple[dict[str, int], float] | None = None
    tried: list[float] = []
    seen: list[dict[str, int]] = []
    current = limit
    for _ in range(_ROUNDS):
        widths = choose(current)
        if widths in seen:
            break
        seen.append(widths)
        measured_ms = _measured_ms(subject, widths, session, watch, progress)
        tried.append(measured_ms)
        if measured_ms <= limit.target_ms and (best is None or measured_ms > best[1]):
            best = widths, measured_ms
        if _CLOSE * limit.target_ms <= measured_ms <= limit.target_ms:
            break
        current = replace(limit, factor=measured_ms / limit.of(widths) / _SAFETY)
    if best is None:
        raise InfeasibleTargetError(
            f"none of {len(tried)} networks ran in {limit.text(limit.target_ms)} on the device; "
            f"the fastest took {limit.text(min(tried))}: ask for that"
        )
    return best


def _measured_ms(
    subject: Subject,
    widths: Widths,
    session: DeviceSession,
    watch: DriftWatch,
    progress: Progress,
) -> float:
    """What the device takes; which channels are kept does not matter for it."""
    with temporary_folder() as folder:
        selection = Selection(subject.channels, first_kept(widths))
        saved = write_pruned(subject.model, selection, Path(folder) / "saved" / "pruned")
        prepared = prepare(saved, Path(folder) / "prepared")
        networks = list(optimized_networks([prepared], session.execution.target, Path(folder)))
        measured = measure_networks(watch, networks, progress=progress).measurements
    return measured[networks[0].name].latency_ms
