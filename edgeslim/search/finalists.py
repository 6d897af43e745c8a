"""The end of a search: the best candidates on the device, and the winner trained and saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from edgeslim.conversion.prepare import prepare_layer
from edgeslim.durations import format_ms
from edgeslim.errors import InfeasibleTargetError
from edgeslim.files import replace_folder, temporary_folder
from edgeslim.profiling.device_session import DeviceSession
from edgeslim.profiling.drift import DriftWatch
from edgeslim.profiling.networks import measure_networks
from edgeslim.profiling.work import network_name, space_networks
from edgeslim.progress import Progress
from edgeslim.search.limits import LatencyLimit
from edgeslim.search.run_folder import Candidate, RunFolder
from edgeslim.spaces import Space, Tokens

if TYPE_CHECKING:
    from edgeslim.training.short_training import ShortTraining

__all__ = ["choose_winner"]

_AT_ONCE = 3
_AT_MOST = 12


def choose_winner(
    evaluated: Sequence[Candidate],
    *,
    limit: LatencyLimit,
    session: DeviceSession | None,
    training: ShortTraining,
    run: RunFolder,
    seed: int,
    progress: Progress,
) -> tuple[Candidate, tuple[Candidate, ...]]:
    """Measures candidates, best first, until one meets the limit; trains and saves that one.

    Without a session nothing is measured, and the best candidate wins as predicted.

    Returns:
        The winner, and all candidates that were measured.

    Raises:
        InfeasibleTargetError: None of those measured meets the limit.
    """
    ranked = sorted(evaluated, key=lambda each: (-each.accuracy, each.predicted_ms))[:_AT_MOST]
    winner, measured = ranked[0], tuple[Candidate, ...]()
    if session is not None:
        winner, measured = _first_within(ranked, limit, session, progress)
    _save(
        winner.tokens,
        space=limit.space,
        training=training,
        run=run,
        seed=seed,
        progress=progress,
    )
    return winner, measured


def _first_within(
    ranked: Sequence[Candidate], limit: LatencyLimit, session: DeviceSession, progress: Progress
) -> tuple[Candidate, tuple[Candidate, ...]]:
    """The best candidate that meets the limit on the device, and all that were measured.

    Raises:
        InfeasibleTargetError: None does.
    """
    watch = DriftWatch(session)
    measured: list[Candidate] = []
    for start in range(0, len(ranked), _AT_ONCE):
        batch = ranked[start : start + _AT_ONCE]
        measured += _measured(batch, limit.space, session, watch, progress)
        good = [each for each in measured if (each.measured_ms or 0) <= limit.target_ms]
        if good:
            return max(good, key=lambda each: each.accuracy), tuple(measured)
    fastest = min(each.measured_ms or 0 for each in measured)
    raise InfeasibleTargetError(
        f"none of the {len(measured)} best candidates ran in {format_ms(limit.target_ms)} on "
        f"the device; the fastest took {format_ms(fastest, round_up=True)}: ask for that, or "
        "search longer"
    )


def _measured(
    candidates: Sequence[Candidate],
    space: Space,
    session: DeviceSession,
    watch: DriftWatch,
    progress: Progress,
) -> list[Candidate]:
    """The candidates with the latency that the device took; weights do not matter for it."""
    with temporary_folder() as folder:
        wanted = [candidate.tokens for candidate in candidates]
        networks = list(space_networks(space, wanted, session.execution.target, folder))
        latencies = measure_networks(watch, networks, progress=progress).measurements
    return [
        msgspec.structs.replace(candidate, measured_ms=latencies[network.name].latency_ms)
        for candidate, network in zip(candidates, networks, strict=True)
    ]


def _save(
    tokens: Tokens,
    *,
    space: Space,
    training: ShortTraining,
    run: RunFolder,
    seed: int,
    progress: Progress,
) -> None:
    """Trains the winner as the search did, which gives the same weights, and saves it."""
    with progress.stage("the winner's weights", 1) as stage:
        net, _ = training.trained(lambda _classes: space.build(tokens), seed, stage.advance)
    with temporary_folder(near=run.path) as folder:
        finished = Path(folder) / "model"
        prepare_layer(net, space.input_shape, finished, name=network_name(space, tokens))
        replace_folder(finished, run.model)
