"""Jobs of a batch, and their outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgeslim.errors import ProgramError, RunnerError
from edgeslim.measurement import Measurement
from edgeslim.runner.protocol import Entry

__all__ = ["Job", "Outcome", "Reference", "StartOutcome"]


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
class StartOutcome:
    """How a model started in a process of its own; 0 is not known.

    Args:
        waited_ms: Time that it had no core while it was loaded and run first.
        own_kb: Memory of the process before it had an engine.
        loaded_kb, ran_kb: Memory when the model was loaded, and after its first run.
        peak_kb: Largest memory of the process.
        kept: Why the page cache has not dropped the file before a cold start; empty if it has.
        soak_runs: Runs of a soak that were done.
        soak_kb: Memory during the soak, evenly over its runs.
        soak_peak_kb: Largest memory until the end of the soak.
    """

    waited_ms: float = 0.0
    own_kb: int = 0
    loaded_kb: int = 0
    ran_kb: int = 0
    peak_kb: int = 0
    kept: str = ""
    soak_runs: int = 0
    soak_kb: tuple[int, ...] = ()
    soak_peak_kb: int = 0


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
        interrupted: For each cache state, which of its samples other programs interrupted.
        start: What is known if it started in a process of its own; None if it did not.
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
    interrupted: tuple[tuple[int, ...], ...] = ()
    start: StartOutcome | None = None


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
