"""Jobs of a batch, and their outcomes."""

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
        entry: The entry of the batch; its file names are those of ``files``.
        files: Local files by the names that the entry uses.
        outputs: Local files for kept outputs, by their names in the entry.
    """

    entry: Entry
    files: Mapping[str, Path]
    outputs: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How one job ended: measurements in the order of its states, or an error.

    Args:
        id: Name of the job.
        measurements: One for each cache state, in order.
        error: The error, if there are none.
        references_ms: Latency of the reference around each of them; empty without a reference.
        disturbed: What disturbed the device meanwhile; empty if nothing did.
        device_s: Seconds that the runner spent on it.
        waited_s: Seconds that it waited for a disturbed device.
        load_ms: Time of loading in ms; 0 is not known.
        first_run_ms: Time of the first run in ms; 0 is not known.
        memory_mb: How much the process grew until the model had run once, at most, in MB.
        series_s: Seconds that the runs of a series took; 0 without one.
    """

    id: str
    measurements: tuple[Measurement, ...] = ()
    error: ProgramError | RunnerError | None = None
    references_ms: tuple[float, ...] = ()
    disturbed: str = ""
    device_s: float = 0.0
    waited_s: float = 0.0
    load_ms: float = 0.0
    first_run_ms: float = 0.0
    memory_mb: float = 0.0
    series_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A model that is run between all others, to see whether something disturbs the device.

    Args:
        job: Job of the model; its cache states do not matter.
        baseline_ms: Shortest latency of it so far; 0 is not known.
        patience_s: Seconds that a batch may wait for a disturbed device.
    """

    job: Job
    baseline_ms: float = 0.0
    patience_s: float = 20.0
