"""The speed of a device while it measures, by a reference operator between all measurements.

A shared or warming machine changes its speed for seconds or hours at a time. The runner times a
reference operator around everything it measures, waits while the device is slower than at its
best, and times again what was disturbed. Slow changes are divided out by the reference afterwards;
what stayed disturbed is marked.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
import weakref
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeslim.conversion.operator_jobs import operator_jobs, reference_operator
from edgeslim.device_state.heat import assess_heat, wait_until_cool
from edgeslim.errors import EdgeslimError
from edgeslim.latency_rows import ConditionsRow
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job, Outcome, Reference
from edgeslim.runner.program.pace import usual_best
from edgeslim.runner.protocol import Sampling

__all__ = ["DriftWatch", "WatchedBatch"]

_log = logging.getLogger(__name__)

_COOLING_S = 900.0
"""Longest time to wait for a device to cool down, in all; measurements after it are marked."""
_WAITED_SHARE = 0.3
"""Share of the device's computing time that may be added as waiting: an hour that is busy
throughout has no quiet moments to wait for."""
_FULL_WAITS = 2
"""Batches that may wait as long as one ever may, before anything is known of the hour."""
_REMEMBERED = 512
"""Latencies of the reference operator, the latest, from which its usual best is taken."""
_MODELS = 80
"""A batch of more models than that waits longer in proportion."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchedBatch:
    """The outcomes of a batch, and the speed of the device meanwhile.

    Args:
        outcomes: Outcomes in the order of the jobs.
        reference_ms: Mean latency of the reference operator over the batch.
        state: State of the device right after it.
    """

    outcomes: Sequence[Outcome]
    reference_ms: float
    state: ConditionsRow | None = None

    @property
    def trouble(self) -> str:
        """The most frequent disturbance and the number of disturbed models; empty if none was."""
        reasons = Counter(outcome.disturbed for outcome in self.outcomes if outcome.disturbed)
        if not reasons:
            return ""
        (reason, _), count = reasons.most_common(1)[0], reasons.total()
        return f"{reason} at {count} of {len(self.outcomes)} models"

    @property
    def device_s(self) -> float:
        """Time the runner spent in runs, warm-up and sweeps."""
        return sum(outcome.device_s for outcome in self.outcomes)

    @property
    def waited_s(self) -> float:
        """Time the runner waited for a disturbed device."""
        return sum(outcome.waited_s for outcome in self.outcomes)


class DriftWatch:
    """Runs batches and remembers the reference operator's usual best time.

    That is the time that a quarter of the latest are below. The shortest is a rare accident where
    a processor is shared.

    Args:
        session: The device that is measured.
        patience_s: Seconds that a batch may wait for a disturbed device; by default those of the
            device's profile. All batches together wait for little longer than a share of what
            they compute.

    Raises:
        ProgramError: ``opt`` cannot convert the reference operator.
    """

    def __init__(self, session: DeviceSession, *, patience_s: float | None = None) -> None:
        self.session = session
        self._patience_s = session.profile.patience_s if patience_s is None else patience_s
        self._may_wait_s = _FULL_WAITS * self._patience_s
        self._references_ms: deque[float] = deque(maxlen=_REMEMBERED)
        # A device that is kept below its full speed for good, by us or by its maker, is not hot.
        self._usual_cap = 1.0
        first = session.conditions()
        if not assess_heat(first, usual_cap=first.capped or 1.0).is_hot:
            self._usual_cap = first.capped or 1.0
        self._hot = assess_heat(first, usual_cap=self._usual_cap).is_hot
        self._cooling_s = _COOLING_S
        self._reference = session.reference or self._make_reference()

    def _make_reference(self) -> Job:
        """The job of an operator that ``opt`` converts.

        Raises:
            ProgramError: ``opt`` cannot convert it.
        """
        # The folder is removed with the watch, at the latest when the program ends.
        folder = tempfile.mkdtemp(prefix=".edgeslim.")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        (reference,) = operator_jobs(
            [reference_operator()],
            self.session.execution.target,
            Path(folder),
            states=(Sampling(core_time=self.session.has_core_time),),
            name="reference",
        )
        if isinstance(reference, EdgeslimError):
            raise reference
        return reference

    @property
    def is_patient(self) -> bool:
        """Whether it still waits, so that measuring again what was disturbed may help."""
        return min(self._patience_s, self._may_wait_s) > 0

    @property
    def retry_text(self) -> str:
        """Clause that says whether disturbed models are measured again."""
        return "; they are measured once more" if self.is_patient else ""

    def run(self, jobs: Sequence[Job], *, with_reference: bool = True) -> WatchedBatch:
        """Runs jobs on a device that is cool.

        What ran while it got too hot is marked as disturbed; with no patience left, all of it is.

        Args:
            jobs: Models to time, in the order they run.
            with_reference: Whether the reference operator runs in between, so that a disturbed
                device is noticed and waited for. Jobs that are only compared with each other need
                none.
        """
        if self._hot:
            self._cool_down()
        outcomes: Sequence[Outcome] = run_batch(
            self.session.runner,
            jobs,
            reference=self._reference_for(len(jobs)) if with_reference else None,
        )
        state = self.session.conditions()
        self._hot = assess_heat(state, usual_cap=self._usual_cap).is_hot
        if self._hot:
            outcomes = [
                replace(outcome, disturbed=outcome.disturbed or "the device was hot")
                for outcome in outcomes
            ]
        seen = [time_ms for outcome in outcomes for time_ms in outcome.references_ms]
        if with_reference and all(outcome.disturbed for outcome in outcomes):
            self._references_ms.clear()  # a device that stays hot or busy has a new best
        self._references_ms.extend(seen)
        batch = WatchedBatch(
            outcomes=outcomes,
            reference_ms=sum(seen) / len(seen) if seen else self._baseline_ms,
            state=state,
        )
        self._may_wait_s += _WAITED_SHARE * batch.device_s - batch.waited_s
        return batch

    def _reference_for(self, count: int) -> Reference:
        """The reference operator for a batch of so many models."""
        patience_s = min(self._patience_s * max(1.0, count / _MODELS), self._may_wait_s)
        return Reference(
            job=self._reference,
            baseline_ms=self._baseline_ms,
            patience_s=max(0.0, patience_s),
        )

    @property
    def _baseline_ms(self) -> float:
        """The reference operator's usual best time, or 0 if it never ran."""
        return usual_best(self._references_ms) if self._references_ms else 0.0

    def _cool_down(self) -> None:
        start = time.monotonic()
        wait_until_cool(
            self.session.conditions,
            patience_s=self._cooling_s,
            note=_log.warning,
            usual_cap=self._usual_cap,
        )
        self._cooling_s = max(0.0, self._cooling_s - (time.monotonic() - start))
