"""A model run without a pause for minutes: a phone's first minute is not its tenth.

All other measurements wait for a hot device to cool. Here heat is what is measured, so the runner
does not wait for the reference operator, and every window counts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import msgspec

from edgeslim.conversion.operator_jobs import model_job
from edgeslim.errors import UsageError
from edgeslim.measurement import Measurement
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.measuring.networks import OptimizedNetwork
from edgeslim.progress import SILENT, Progress
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job, Outcome
from edgeslim.runner.protocol import Sampling
from edgeslim.runs.deployment_records import WindowRecord

__all__ = ["Sustained", "measure_sustained"]

_MINUTE_S = 60.0
_MAXIMUM_SAMPLES = 200_000
"""A window of a very small model ends early, lest its samples take longer to send than to take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sustained:
    """Latency over time.

    Args:
        windows: The windows in order, at least one, each with its samples.
        device_s: Seconds that the model ran; the rest of the time went into starts and results.
    """

    windows: tuple[tuple[WindowRecord, Measurement], ...]
    device_s: float

    @property
    def seconds(self) -> float:
        """Length of the whole run in seconds."""
        return self.records[-1].end_s

    @property
    def busy(self) -> float:
        """The share of the time that the model ran."""
        return min(1.0, self.device_s / self.seconds)

    @property
    def records(self) -> tuple[WindowRecord, ...]:
        """The windows without their samples."""
        return tuple(window for window, _ in self.windows)

    @property
    def measurement(self) -> Measurement:
        """Samples of all windows."""
        return Measurement.pool([samples for _, samples in self.windows])

    @property
    def first_minute(self) -> Measurement:
        """Samples of windows that began in the first minute, or the first half of a short run."""
        end_s = min(_MINUTE_S, self.seconds / 2)
        first = [samples for window, samples in self.windows if window.start_s < end_s]
        return Measurement.pool(first)

    @property
    def last_minute(self) -> Measurement:
        """Samples of windows that ended in the last minute, or the last half of a short run."""
        start_s = self.seconds - min(_MINUTE_S, self.seconds / 2)
        return Measurement.pool([m for window, m in self.windows if window.end_s > start_s])

    @property
    def slowdown(self) -> float:
        """Median of the last minute over that of the first; 1 is none."""
        return self.last_minute.latency_ms / self.first_minute.latency_ms


def measure_sustained(
    session: DeviceSession,
    network: OptimizedNetwork,
    *,
    seconds: float,
    window_s: float = 10.0,
    progress: Progress = SILENT,
) -> Sustained:
    """Times one network until the time is over, window after window.

    Args:
        session: The device that it runs on.
        network: The network that is timed.
        seconds: Length of the run; the last window is finished.
        window_s: Length of a window in seconds.
        progress: Display that shows the progress in seconds.

    Raises:
        UsageError: The run or the window has no length.
        RunnerError, ProgramError: The network does not run.
        LinkError: The device was lost for good.
    """
    if not (seconds > 0 and window_s > 0):
        raise UsageError(f"sustained runs take more than {min(seconds, window_s):g} s")
    job = _job(network, min(seconds, window_s))
    windows: list[tuple[WindowRecord, Measurement]] = []
    device_s = passed_s = 0.0
    began = time.monotonic()
    with progress.stage("sustained", seconds) as stage:
        while passed_s < seconds:
            start_s = passed_s
            outcome = _time_window(session, job)
            end_s = time.monotonic() - began
            state = session.conditions()
            (measurement,) = outcome.measurements
            device_s += outcome.device_s
            window = WindowRecord(
                start_s=start_s,
                end_s=end_s,
                p50_ms=measurement.latency_ms,
                p90_ms=measurement.p90_ms,
                samples=len(measurement.samples_ns),
                temperature_c=state.temperature_c,
                thermal_status=state.thermal_status,
                capped=state.capped,
            )
            windows.append((window, measurement))
            passed_s = time.monotonic() - began
            stage.advance(min(passed_s, seconds) - min(start_s, seconds), note=_window_text(window))
    return Sustained(windows=tuple(windows), device_s=device_s)


def _time_window(session: DeviceSession, job: Job) -> Outcome:
    (outcome,) = run_batch(session.runner, [job])
    if outcome.error is not None:
        raise outcome.error
    return outcome


def _job(network: OptimizedNetwork, window_s: float) -> Job:
    """The job of one window, which samples for its whole length."""
    sampling = Sampling(
        minimum_samples=1,
        maximum_samples=_MAXIMUM_SAMPLES,
        minimum_s=window_s,
        maximum_s=window_s,
    )
    job = model_job(network.name, network.file, network.graph, (sampling,), network.inputs)
    # A runner that was interrupted times a window up to three times.
    timeout_s = job.entry.timeout_s + 3 * window_s
    return replace(job, entry=msgspec.structs.replace(job.entry, timeout_s=timeout_s))


def _window_text(window: WindowRecord) -> str:
    degrees = "" if window.temperature_c is None else f", {window.temperature_c:.0f} C"
    return f"p50 {window.p50_ms:.2f} ms, p90 {window.p90_ms:.2f} ms{degrees}"
