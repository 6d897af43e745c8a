"""Measuring until every limit is decided, or patience is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from edgeslim.deployment.models_under_test import (
    STARTS,
    ModelUnderTest,
    measure_models,
    measure_starts_of,
)
from edgeslim.deployment.verdict import LimitVerdict
from edgeslim.errors import EdgeslimError
from edgeslim.measuring.networks import MeasuredNetworks, join_networks
from edgeslim.measuring.starts import MeasuredStarts, join_starts
from edgeslim.progress import SILENT, Progress
from edgeslim.runs.deployment_records import GateRecord
from edgeslim.runs.start_records import SoakRecord

__all__ = ["Measured", "MoreMeasuring", "measure_until_decided"]

State = TypeVar("State")

_OF_STARTS = ("--max-load", "--max-first", "--max-memory")
_OF_SOAK = ("--max-growth",)
_OF_TAILS = ("--target-",)
_TAIL_S = 3.0
"""Seconds for each variant in a round that is there for rare runs."""


def measure_until_decided(
    first: State,
    judge: Callable[[State, int], Sequence[GateRecord]],
    more: Callable[[State, Sequence[GateRecord], float], State],
    *,
    patience_s: float,
    give_up: Callable[[State, EdgeslimError], State] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[State, tuple[GateRecord, ...]]:
    """Measures more until no limit is INCONCLUSIVE; returns all, and each limit's verdict.

    A verdict stays as it was when it was reached: later looks are stricter, so that the same limit
    could be undecided again.

    Args:
        first: What was measured so far.
        judge: Judges the limits by what was measured, at the *n*-th look.
        more: Measures more, for the limits that are not decided, in the seconds that are left;
            if it returns what it was given, nothing more can decide them.
        patience_s: Seconds that all of it may take; what was begun is finished.
        give_up: Keeps what was measured where measuring more fails, and says why; by default the
            error is raised.
        clock: Seconds that only go forward.
    """
    measured, look, began = first, 1, clock()
    decided: dict[tuple[str, str], GateRecord] = {}
    while True:
        gates = _keep_decided(judge(measured, look), decided)
        undecided = [
            gate
            for gate in gates
            # Of what is not known at all, more cannot be known.
            if gate.verdict == LimitVerdict.INCONCLUSIVE.value and gate.found > 0
        ]
        left_s = patience_s - (clock() - began)
        if not undecided or left_s <= 0:
            return measured, gates
        try:
            found = more(measured, undecided, left_s)
        except EdgeslimError as error:
            if give_up is None:
                raise
            return give_up(measured, error), gates
        if found is measured:
            return measured, gates
        measured, look = found, look + 1


def _keep_decided(
    gates: Sequence[GateRecord], decided: dict[tuple[str, str], GateRecord]
) -> tuple[GateRecord, ...]:
    """The limits, of which those that were decided before are as they were then."""
    for gate in gates:
        if gate.verdict != LimitVerdict.INCONCLUSIVE.value:
            decided.setdefault((gate.model, gate.asked), gate)
    return tuple(decided.get((gate.model, gate.asked), gate) for gate in gates)


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What a deployment measured so far.

    Args:
        networks: Samples of all rounds.
        starts: Starts of the models.
        soaks: Soaks of the variants of the model, by their ids.
        troubles: Why it lacks some of it, and what it found, as sentences.
    """

    networks: MeasuredNetworks
    starts: MeasuredStarts = field(default_factory=lambda: MeasuredStarts(starts={}))
    soaks: Mapping[str, SoakRecord] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()

    @property
    def all_troubles(self) -> tuple[str, ...]:
        """What users should know of all of it, as sentences."""
        return (*self.starts.troubles, *self.troubles)

    def give_up(self, error: EdgeslimError) -> Measured:
        """The same with the trouble that measuring more did not work."""
        trouble = f"measuring ended before every limit was decided: {error}"
        return replace(self, troubles=(*self.troubles, trouble))


@dataclass(frozen=True, kw_only=True, slots=True)
class MoreMeasuring:
    """Measures as much again as there is already, of what limits need that are not decided.

    Args:
        subjects: The model, and its baseline if there is one.
        paired: Whether each round is a fair comparison by itself.
        progress: Display that shows the progress.
    """

    subjects: Sequence[ModelUnderTest]
    paired: bool
    progress: Progress = SILENT

    def __call__(
        self, measured: Measured, undecided: Sequence[GateRecord], left_s: float
    ) -> Measured:
        """Measures more; returns the same if nothing that it can measure would decide them."""
        asked = [gate.asked for gate in undecided]
        found = measured
        if any(option.startswith(_OF_STARTS) for option in asked):
            found = replace(found, starts=self._more_starts(found.starts))
        if any(not option.startswith((*_OF_STARTS, *_OF_SOAK)) for option in asked):
            is_tail = any(option.startswith(_OF_TAILS) for option in asked)
            networks = self._more_rounds(found.networks, left_s, is_tail=is_tail)
            found = replace(found, networks=networks)
        return found

    def _more_starts(self, starts: MeasuredStarts) -> MeasuredStarts:
        made = max((len(own.starts) for own in starts.starts.values()), default=0)
        more = measure_starts_of(
            self.subjects, times=max(STARTS, made // 2), progress=self.progress
        )
        return join_starts(starts, more)

    def _more_rounds(
        self, networks: MeasuredNetworks, left_s: float, *, is_tail: bool
    ) -> MeasuredNetworks:
        """As many rounds again as there are, or as many as there is time for, but two at least."""
        usual_s = self.subjects[0].variants[0].session.profile.network_s
        seconds = max(_TAIL_S, usual_s) if is_tail else usual_s
        done = len(networks.rounds)
        taken_s = (networks.rounds[-1].end_s - networks.rounds[0].start_s) / done
        taken_s += (seconds - usual_s) * len(networks.measurements)
        rounds = max(2, min(done, int(left_s / taken_s)))
        more = measure_models(
            self.subjects,
            rounds=rounds,
            paired=self.paired,
            seconds=seconds,
            progress=self.progress,
        )
        return join_networks(networks, more)
