"""Latencies of pruned networks measured on a device, and limits corrected by them."""

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
from edgeslim.pruning.limits import ModelLatencyLimit
from edgeslim.pruning.subject import PrunableModel, Widths

__all__ = ["MEASURE_BELOW", "DeviceMeasurer", "choose_until_met", "measure_both"]

_ROUNDS = 6
_CLOSE = 0.95
"""A network that takes at least this share of the target is close enough to it."""

_TIGHTER = 1.01
"""Factor by which the limit is tightened where widths that took too long are chosen again."""

_SAFETY = 0.98
"""Share of the target that is aimed at, since repeated measurements differ a little."""

_MOST_CHOICES = 40

MEASURE_BELOW = 1.5
"""A whole model predicted to take at most this many times the target is measured first."""


def choose_until_met(
    choose: Callable[[ModelLatencyLimit], dict[str, int]],
    limit: ModelLatencyLimit,
    device: DeviceMeasurer,
    whole: Widths,
) -> tuple[dict[str, int], ModelLatencyLimit, float]:
    """Chooses widths until they meet a latency as measured on the device.

    A whole model that meets it stays whole, and one that did not is not chosen again. Operators of
    the tried networks that the table had to interpolate are measured and added to it. Where the
    measured latency still differs from the predicted one, the limit is corrected by their ratio,
    and widths are chosen again: narrower ones if it took longer, and wider ones if there was room
    left.

    Args:
        choose: Chooses widths within a limit.
        limit: Limit that is asked for.
        device: Measures networks on the device that the limit's table is of.
        whole: Full widths of all groups.

    Returns:
        Widths, the limit with all measurements in its table, and the measured milliseconds.

    Raises:
        InfeasibleTargetError: No widths that were tried met it.
    """
    aim_ms = _SAFETY * limit.target_ms
    tried: list[tuple[float, dict[str, int]]] = []
    if limit.of(whole) <= MEASURE_BELOW * limit.target_ms:
        measured_ms = device.measured_ms(whole)
        limit = device.update_limit(limit)
        if measured_ms <= limit.target_ms:
            return dict(whole), limit, measured_ms
        tried.append((measured_ms, dict(whole)))
        limit = replace(limit, factor=measured_ms / limit.of(whole) / _SAFETY)
    for _ in range(_MOST_CHOICES):
        widths = _choose_or_narrowest(choose, limit, is_corrected=bool(tried))
        if widths in [known for _, known in tried]:
            is_last = widths == limit.narrowest() or len(tried) >= _ROUNDS
            if is_last or min(tried, key=_latency)[0] <= aim_ms:
                break
            limit = replace(limit, factor=limit.factor * _TIGHTER)
            continue
        measured_ms = device.measured_ms(widths)
        tried.append((measured_ms, widths))
        limit = device.update_limit(limit)
        if _CLOSE * limit.target_ms <= measured_ms <= aim_ms or len(tried) >= _ROUNDS:
            break
        limit = replace(limit, factor=measured_ms / limit.of(widths) / _SAFETY)
    measured_ms, widths = _best(tried, limit, aim_ms)
    return widths, limit, measured_ms


def _choose_or_narrowest(
    choose: Callable[[ModelLatencyLimit], dict[str, int]],
    limit: ModelLatencyLimit,
    *,
    is_corrected: bool,
) -> dict[str, int]:
    """Widths within a limit; or the narrowest, if only a correction leaves none.

    A correction comes from one measurement of other widths. That nothing meets the limit is
    believed once the narrowest network was measured itself.
    """
    try:
        return choose(limit)
    except InfeasibleTargetError:
        if not is_corrected:
            raise
        return limit.narrowest()


def measure_both(
    subject: PrunableModel, widths: Widths, session: DeviceSession, progress: Progress
) -> tuple[float, float]:
    """Milliseconds that a device takes for the whole and the pruned model, interleaved."""
    with temporary_folder() as folder:
        networks = [
            _network(subject, network_widths, session, folder / name, name)
            for name, network_widths in (("whole", subject.whole), ("pruned", widths))
        ]
        found = measure_networks(DriftWatch(session), networks, progress=progress)
    whole, pruned = (found.measurements[network.name].latency_ms for network in networks)
    return whole, pruned


class DeviceMeasurer:
    """A device that measures pruned networks, and adds their operators to the table.

    Args:
        session: Session with the device.
        subject: The model to be pruned.
        limit: Limit whose table is of the device.
        progress: Shows how far it is.
    """

    def __init__(
        self,
        session: DeviceSession,
        subject: PrunableModel,
        limit: ModelLatencyLimit,
        progress: Progress,
    ) -> None:
        self._session = session
        self._subject = subject
        self._progress = progress
        self._watch = DriftWatch(session)
        path = limit.model.predictor.table.path
        self._table = LatencyTable.open(path, session.context())
        self._measured = 0

    def measured_ms(self, widths: Widths) -> float:
        """Measured latency of the network at some widths, in milliseconds."""
        with temporary_folder() as folder:
            network = _network(self._subject, widths, self._session, folder)
            plan = ProfilePlan(dict.fromkeys(network.graph.specs, 1.0))
            counts = measure_operators(
                self._session, self._watch, self._table, plan, progress=self._progress
            )
            found = measure_networks(self._watch, [network], progress=self._progress)
        self._measured = counts.measured
        return found.measurements[network.name].latency_ms

    def update_limit(self, limit: ModelLatencyLimit) -> ModelLatencyLimit:
        """The limit, with what was measured last in its table."""
        if not self._measured:
            return limit
        return replace(limit, model=limit.model.with_predictor(Predictor(self._table)))


def _latency(tried: tuple[float, dict[str, int]]) -> float:
    return tried[0]


def _best(
    tried: list[tuple[float, dict[str, int]]], limit: ModelLatencyLimit, aim_ms: float
) -> tuple[float, dict[str, int]]:
    """The slowest network within the aim, or else within the target."""
    for most in (aim_ms, limit.target_ms):
        within = [pair for pair in tried if pair[0] <= most]
        if within:
            return max(within, key=_latency)
    raise InfeasibleTargetError(
        f"none of {len(tried)} networks ran in {limit.format(limit.target_ms)} on the device; "
        f"the fastest took {limit.format(min(map(_latency, tried)))}: ask for that, or let more "
        "groups be pruned"
    )


def _network(
    subject: PrunableModel,
    widths: Widths,
    session: DeviceSession,
    folder: Path,
    name: str = "pruned",
) -> OptimizedNetwork:
    """A pruned network for the device; which channels are kept does not affect latency."""
    selection = Selection(subject.channels, keep_first(widths))
    saved = write_pruned(subject.model, selection, folder / "saved" / name)
    prepared = prepare(saved, folder / "prepared")
    (network,) = optimize_networks([prepared], session.place(), folder)
    return network
