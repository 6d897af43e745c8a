"""What a batch is made of, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgeslim.errors import ProgramError, RunnerError
from edgeslim.measurement import Measurement
from edgeslim.runner.protocol import Entry

__all__ = ["Job", "Outcome", "Reference"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One model to time.

    Args:
        entry: How; its file names are those of ``files``.
        files: Local file of each name that the entry uses.
        outputs: Where each kept output goes, by its name in the entry.
    """

    entry: Entry
    files: Mapping[str, Path]
    outputs: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How one job ended: measurements in the order of its states, or an error.

    Args:
        id: Name of the job.
        measurements: One for each state.
        error: Why there are none.
        references_ms: What the reference took around each of them; empty without one.
        disturbed: What disturbed the device meanwhile, or nothing.
        device_s: Time the runner spent on it.
        waited_s: Time it waited for a disturbed device.
    """

    id: str
    measurements: tuple[Measurement, ...] = ()
    error: ProgramError | RunnerError | None = None
    references_ms: tuple[float, ...] = ()
    disturbed: str = ""
    device_s: float = 0.0
    waited_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A model that is run between all else, to see whether something disturbs the device.

    Args:
        job: The model; its states do not matter.
        baseline_ms: What it took at best so far; 0 is not known.
        patience_s: How long a batch may wait for a disturbed device.
    """

    job: Job
    baseline_ms: float = 0.0
    patience_s: float = 20.0
