"""Latencies of the first operators of a network, for each number of them, in rounds.

What an operator takes *in* a network is the latency up to it less the latency up to the one
before. Such a difference is small beside what is subtracted, so both are timed within moments of
each other and in the same process, where memory lies alike; the next round goes through the network
in the other direction, so that whatever changes evenly meanwhile cancels. Nothing waits for a
disturbed device, since both sides of a difference are disturbed alike.

Before each run, as much memory is touched as the operators that are left out would read of weights.
Otherwise the weights of a short part would still be in the caches, as they are not in the network.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgeslim.conversion.operator_jobs import model_job
from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.errors import ModelError
from edgeslim.files import read_bytes, temporary_folder, write_bytes
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.lite.program_prefix import ProgramPrefixes
from edgeslim.measuring.crashing_operators import CRASHES, name_crashing_operators
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.networks import OptimizedNetwork
from edgeslim.progress import SILENT, Progress
from edgeslim.runner.job import Job, Outcome
from edgeslim.runner.protocol import Sampling

__all__ = ["FEWEST_ROUNDS", "PrefixRounds", "measure_prefixes"]

FEWEST_ROUNDS = 4
"""Rounds that are made in any case: two in each direction."""

_MOST_ROUNDS = 40
_PILOTS = 8
"""Parts of the network that are timed first, to see how many the time is enough for."""
_BATCH_BYTES = 128 << 20
"""Models that one process gets, in bytes; larger ones are parted, with a part in common."""
_SAMPLING = Sampling(
    warmup=1, minimum_samples=5, maximum_samples=150, minimum_s=0.02, maximum_s=0.5
)
_WHOLE = "whole"

Times = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PrefixRounds:
    """Latencies of a network's parts, each from its beginning to a cut, in several rounds.

    Args:
        kinds: Kinds of its operators, in the order they run.
        cuts: Numbers of operators that the parts have, ascending; the last has all.
        levels_ms: Latency of each part, rounds x cuts; NaN where it could not be timed.
        steps_ms: Latency of each part less that of the one before in the same process.
        wholes_ms: Latency of the network as it was deployed, rounds x 2: once beside the part
            that has all operators, and once at the end of the round.
        disturbed: Share of all turns that something disturbed.
        seconds: How long all of it took.
    """

    kinds: tuple[str, ...]
    cuts: tuple[int, ...]
    levels_ms: Times
    steps_ms: Times
    wholes_ms: Times
    disturbed: float
    seconds: float


def measure_prefixes(
    watch: DriftWatch,
    network: OptimizedNetwork,
    *,
    seconds: float,
    progress: Progress = SILENT,
) -> PrefixRounds:
    """Times a network from its beginning to each of its operators.

    Args:
        watch: Drift watch of the device.
        network: The network as the device runs it.
        seconds: How long it may take. If that is too short for every operator, some are only
            told apart from others together.
        progress: Display that shows how much of the time has passed.

    Raises:
        ModelError: The network has loops or branches, or its parts do not run.
        RunnerError, ProgramError: The network itself does not run.
    """
    began = time.monotonic()
    parts = _Parts(watch, network)
    with progress.stage("operators inside", seconds) as stage:
        cuts = parts.choose_cuts(seconds / FEWEST_ROUNDS)
        shown_s = 0.0
        rounds: list[_Round] = []
        while len(rounds) < _MOST_ROUNDS:
            rounds.append(parts.run_round(cuts, backwards=bool(len(rounds) % 2)))
            passed_s = time.monotonic() - began
            stage.advance(min(passed_s, seconds) - shown_s)
            shown_s = min(passed_s, seconds)
            one_more_s = passed_s / len(rounds)
            if len(rounds) >= FEWEST_ROUNDS and passed_s + one_more_s > seconds:
                break
        stage.advance(seconds - shown_s)
    if not np.isfinite([done.levels_ms[-1] for done in rounds]).any():
        raise ModelError("its file does not run any more once its output is named anew")
    return PrefixRounds(
        kinds=parts.kinds,
        cuts=tuple(cuts),
        levels_ms=np.array([done.levels_ms for done in rounds]),
        steps_ms=np.array([done.steps_ms for done in rounds]),
        wholes_ms=np.array([done.wholes_ms for done in rounds]),
        disturbed=parts.disturbed / parts.turns,
        seconds=time.monotonic() - began,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Round:
    levels_ms: list[float]
    steps_ms: list[float]
    wholes_ms: list[float]


class _Parts:
    """The parts of a network as models that a device runs."""

    def __init__(self, watch: DriftWatch, network: OptimizedNetwork) -> None:
        self._watch = watch
        self._network = network
        self._prefixes = ProgramPrefixes(read_bytes(network.file.path))
        left = sum(weights := self._prefixes.weight_bytes())
        most = max(watch.session.profile.swept_mb, default=0) << 20
        self._swept = []
        for size in weights:
            left -= size
            self._swept.append(min(left, most))
        self.kinds = self._prefixes.kinds
        self.disturbed = self.turns = 0

    def choose_cuts(self, round_s: float) -> list[int]:
        """Cuts that a round has time for: all if possible, else as many, evenly spaced.

        Those behind which nothing can be read are left out.

        Raises:
            ModelError: None of the parts runs.
        """
        count = len(self._prefixes)
        began = time.monotonic()
        pilots = _even_cuts(count, _PILOTS)
        self.run_round(pilots, backwards=False)
        most = round(round_s / (time.monotonic() - began) * (len(pilots) + 2))
        return _even_cuts(count, max(2, min(count, most)))

    def run_round(self, cuts: Sequence[int], *, backwards: bool) -> _Round:
        """Times all parts once, in one process or in several that have one part in common."""
        levels, steps = [np.nan] * len(cuts), [np.nan] * len(cuts)
        wholes: list[float] = []
        for places in self._batches(cuts):
            times = self._run_batch([cuts[place] for place in places], backwards=backwards)
            wholes += times.pop(0, [])
            for place in places:
                if cuts[place] in times:
                    levels[place] = times[cuts[place]][0]
            for before, place in pairwise(places):
                steps[place] = levels[place] - levels[before]
            if places[0] == 0:
                steps[0] = levels[0]
        return _Round(levels_ms=levels, steps_ms=steps, wholes_ms=wholes)

    def _batches(self, cuts: Sequence[int]) -> Iterator[list[int]]:
        """Places of cuts that are timed in one process."""
        places: list[int] = []
        held = 0
        for place, cut in enumerate(cuts):
            size = len(self._prefixes.cut(cut))
            if len(places) > 1 and held + size > _BATCH_BYTES:
                yield places
                places, held = [places[-1]], len(self._prefixes.cut(cuts[places[-1]]))
            places.append(place)
            held += size
        yield places

    def _run_batch(self, cuts: Sequence[int], *, backwards: bool) -> dict[int, list[float]]:
        """Latencies by cut; of the whole network, if it ends the batch, under 0, two of them."""
        with temporary_folder() as folder:
            jobs = [self._job(cut, folder) for cut in cuts]
            if cuts[-1] == len(self._prefixes):
                jobs.append(self._whole_job(_WHOLE))
            jobs = jobs[::-1] if backwards else jobs
            if cuts[-1] == len(self._prefixes):
                jobs.append(self._whole_job(_WHOLE + "~"))
            outcomes = self._watch.run(jobs, with_reference=False).outcomes
        found: dict[int, list[float]] = {}
        for outcome in outcomes:
            self.turns += 1
            self.disturbed += bool(outcome.disturbed)
            is_whole = outcome.id.startswith(_WHOLE)
            if outcome.error is None:
                cut = 0 if is_whole else int(outcome.id)
                found.setdefault(cut, []).append(_latency_ms(outcome))
            elif is_whole:
                self._fail(outcome)
        return found

    def _fail(self, outcome: Outcome) -> None:
        if isinstance(outcome.error, CRASHES):
            raise name_crashing_operators(outcome.error, self._watch.session, self._network.graph)
        if outcome.error is not None:
            raise outcome.error

    def _job(self, cut: int, folder: Path) -> Job:
        path = folder / f"first{cut}.nb"
        write_bytes(path, self._prefixes.cut(cut))
        file = OptimizedFile(path=path, facts=read_optimized_model(path))
        return self._job_of(str(cut), file, self._swept[cut - 1])

    def _whole_job(self, name: str) -> Job:
        return self._job_of(name, self._network.file, 0)

    def _job_of(self, name: str, file: OptimizedFile, swept: int) -> Job:
        core_time = self._watch.session.has_core_time
        sampling = msgspec.structs.replace(_SAMPLING, swept_bytes=swept, core_time=core_time)
        network = self._network
        return model_job(name, file, network.graph, (sampling,), network.inputs)


def _even_cuts(count: int, most: int) -> list[int]:
    """So many numbers from 1 to a count, evenly spaced, the last of them the count."""
    parts = min(count, most)
    return [round(count * (place + 1) / parts) for place in range(parts)]


def _latency_ms(outcome: Outcome) -> float:
    """The latency that a quarter of the samples is below: what interrupts a run only adds to it."""
    return float(np.quantile(outcome.measurements[0].samples_ns, 0.25)) / 1e6
