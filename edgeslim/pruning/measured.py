"""How long a device takes for a pruned network, and limits set right by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edgeslim.channels.plan import Selection, keep_first
from edgeslim.conversion.prepare import prepare
from edgeslim.conversion.pruned_model import write_pruned
from edgeslim.errors import InfeasibleTargetError
from edgeslim.files import temporary_folder
from edgeslim.latency_table import LatencyTable
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.networks import OptimizedNetwork, measure_networks
from edgeslim.prediction.predictor import Predictor
from edgeslim.profiling.operators import measure_operators
from edgeslim.profiling.profile_plan import ProfilePlan
from edgeslim.profiling.workload import optimize_networks
from edgeslim.progress import Progress
from edgeslim.pruning.limits import LatencyLimit
from edgeslim.pruning.subject import Subject, Widths

__all__ = ["MAY_BE_MET", "measure_both", "until_met"]

_ROUNDS = 6
_CLOSE = 0.95
"""Share of the target from which on there is nothing more to gain."""

_TIGHTER = 1.01
"""So much less is asked for where the same widths come again that took too long."""

_SAFETY = 0.98
"""Share of the target that is aimed at: what a device repeats differs by a little."""

_MOST_CHOICES = 40

MAY_BE_MET = 1.5
"""Times the target: what is predicted to take no longer may meet it as it is."""


def until_met(
    choose: Callable[[LatencyLimit], dict[str, int]],
    limit: LatencyLimit,
    session: DeviceSession,
    subject: Subject,
    progress: Progress,
) -> tuple[dict[str, int], LatencyLimit, float]:
    """Widths that meet a latency as the device measures it, and what it measured.

    A model that meets it as it is stays whole. Operators of the networks tried that the table
    had to interpolate are measured and added to it. Each time the device says something else
    than is predicted then, the limit is set right by the ratio of both, and widths are chosen
    again: narrower ones if it took longer, and wider ones if there was room left.

    Args:
        choose: Chooses widths within a limit.
        limit: What is asked for.
        session: The device, which the limit's table is of.
        subject: What is pruned.
        progress: Where to show it.

    Returns:
        Widths, the limit that predicts with all that the table has by then, and milliseconds.

    Raises:
        InfeasibleTargetError: No widths that were tried met it.
    """
    device = _Measuring(session, subject, limit, progress)
    aim_ms = _SAFETY * limit.target_ms
    if limit.of(subject.whole) <= MAY_BE_MET * limit.target_ms:
        measured_ms = device.measured_ms(subject.whole)
        limit = device.with_all_measured(limit)
        if measured_ms <= limit.target_ms:
            return dict(subject.whole), limit, measured_ms
        limit = replace(limit, factor=measured_ms / limit.of(subject.whole) / _SAFETY)
    tried: list[tuple[float, dict[str, int]]] = []
    for _ in range(_MOST_CHOICES):
        widths = choose(limit)
        if widths in [each for _, each in tried]:
            if min(tried, key=_latency)[0] <= aim_ms or len(tried) >= _ROUNDS:
                break
            limit = replace(limit, factor=limit.factor * _TIGHTER)
            continue
        measured_ms = device.measured_ms(widths)
        tried.append((measured_ms, widths))
        limit = device.with_all_measured(limit)
        if _CLOSE * limit.target_ms <= measured_ms <= aim_ms or len(tried) >= _ROUNDS:
            break
        limit = replace(limit, factor=measured_ms / limit.of(widths) / _SAFETY)
    measured_ms, widths = _best(tried, limit, aim_ms)
    return widths, limit, measured_ms


def measure_both(
    subject: Subject, widths: Widths, session: DeviceSession, progress: Progress
) -> tuple[float, float]:
    """Milliseconds that a device takes for a model as it is, and pruned, in the same rounds."""
    with temporary_folder() as folder:
        networks = [
            _network(subject, each, session, folder / name, name)
            for name, each in (("whole", subject.whole), ("pruned", widths))
        ]
        found = measure_networks(DriftWatch(session), networks, progress=progress)
    whole, pruned = (found.measurements[network.name].latency_ms for network in networks)
    return whole, pruned


class _Measuring:
    """A device that measures pruned networks, and adds their operators to the table.

    Args:
        session: The device.
        subject: What is pruned.
        limit: Its table is of the device.
        progress: Where to show it.
    """

    def __init__(
        self, session: DeviceSession, subject: Subject, limit: LatencyLimit, progress: Progress
    ) -> None:
        self._session = session
        self._subject = subject
        self._progress = progress
        self._watch = DriftWatch(session)
        path = limit.model.predictor.table.path
        self._table = LatencyTable.open(path, session.context())
        self._measured = 0

    def measured_ms(self, widths: Widths) -> float:
        """How long the device takes for the network of some widths."""
        with temporary_folder() as folder:
            network = _network(self._subject, widths, self._session, folder)
            plan = ProfilePlan(dict.fromkeys(network.graph.specs, 1.0))
            counts = measure_operators(
                self._session, self._watch, self._table, plan, progress=self._progress
            )
            found = measure_networks(self._watch, [network], progress=self._progress)
        self._measured = counts.measured
        return found.measurements[network.name].latency_ms

    def with_all_measured(self, limit: LatencyLimit) -> LatencyLimit:
        """The limit that predicts with what was measured last as well."""
        if not self._measured:
            return limit
        return replace(limit, model=limit.model.with_predictor(Predictor(self._table)))


def _latency(tried: tuple[float, dict[str, int]]) -> float:
    return tried[0]


def _best(
    tried: list[tuple[float, dict[str, int]]], limit: LatencyLimit, aim_ms: float
) -> tuple[float, dict[str, int]]:
    """The slowest that is safely within the limit, or else within it."""
    for most in (aim_ms, limit.target_ms):
        within = [each for each in tried if each[0] <= most]
        if within:
            return max(within, key=_latency)
    raise InfeasibleTargetError(
        f"none of {len(tried)} networks ran in {limit.text(limit.target_ms)} on the device; "
        f"the fastest took {limit.text(min(map(_latency, tried)))}: ask for that"
    )


def _network(
    subject: Subject,
    widths: Widths,
    session: DeviceSession,
    folder: Path,
    name: str = "pruned",
) -> OptimizedNetwork:
    """A pruned network for the device; which channels are kept does not matter for it."""
    selection = Selection(subject.channels, keep_first(widths))
    saved = write_pruned(subject.model, selection, folder / "saved" / name)
    prepared = prepare(saved, folder / "prepared")
    (network,) = optimize_networks([prepared], session.place(), folder)
    return network
