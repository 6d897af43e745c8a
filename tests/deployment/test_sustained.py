"""A network run without a pause on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from edgeslim.conversion.operator_jobs import operator_jobs, reference_operator
from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.deployment.sustained import Sustained, measure_sustained
from edgeslim.errors import ProgramError, UsageError
from edgeslim.execution import Target
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.measurement import Measurement
from edgeslim.measuring.device_session import DeviceSession, open_device
from edgeslim.measuring.networks import OptimizedNetwork
from edgeslim.progress import Stage
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Sampling
from edgeslim.runs.deployment_records import WindowRecord
from tests.tools import require_module
from tests.values import chain


def window(start_s: float, latency_ms: float) -> tuple[WindowRecord, Measurement]:
    """Ten seconds of one latency."""
    record = WindowRecord(
        start_s=start_s, end_s=start_s + 10, p50_ms=latency_ms, p90_ms=latency_ms, samples=3
    )
    return record, Measurement(samples_ns=(round(latency_ms * 1e6),) * 3)


def test_the_last_minute_is_held_against_the_first() -> None:
    windows = tuple(window(10.0 * n, 20.0 if n < 6 else 30.0) for n in range(20))
    found = Sustained(windows=windows, device_s=180.0)
    assert found.seconds == 200.0
    assert found.busy == 0.9
    assert found.slowdown == 1.5
    assert len(found.first_minute.samples_ns) == len(found.last_minute.samples_ns) == 6 * 3
    assert found.measurement.latency_ms == 30.0
    assert len(found.measurement.samples_ns) == 20 * 3


def test_of_a_short_run_the_halves_are_compared() -> None:
    windows = (window(0, 20.0), window(10, 20.0), window(20, 25.0), window(30, 25.0))
    assert Sustained(windows=windows, device_s=1.0).slowdown == 1.25
    assert Sustained(windows=windows[:1], device_s=1.0).slowdown == 1.0


@dataclass
class Watched:
    """Progress that remembers what it is told."""

    totals: dict[str, float] = field(default_factory=dict)
    done: float = 0.0
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def stage(self, title: str, total: float) -> Iterator[Stage]:
        self.totals[title] = total
        yield self

    def advance(self, amount: float = 1.0, *, note: str = "") -> None:
        self.done += amount
        self.notes.append(note)

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture(scope="module")
def session() -> Iterator[DeviceSession]:
    require_module("paddlelite")
    with open_device("host") as session:
        yield session


@pytest.fixture
def network(tmp_path: Path) -> OptimizedNetwork:
    """The reference operator as a network."""
    (job,) = operator_jobs([reference_operator()], Target.X86, tmp_path, states=(Sampling(),))
    assert isinstance(job, Job)
    path = job.files[job.entry.model]
    file = OptimizedFile(path=path, facts=read_optimized_model(path))
    return OptimizedNetwork(name="net", file=file, graph=chain(reference_operator()))


@pytest.mark.slow
def test_windows_follow_each_other_until_the_time_is_over(
    session: DeviceSession, network: OptimizedNetwork
) -> None:
    progress = Watched()
    found = measure_sustained(session, network, seconds=2.0, window_s=0.5, progress=progress)
    assert found.seconds >= 2.0
    assert 1 <= len(found.windows) <= 4
    starts = [window.start_s for window in found.records]
    assert starts == sorted(starts)
    assert all(window.start_s < window.end_s for window in found.records)
    assert all(0 < window.p50_ms <= window.p90_ms for window in found.records)
    assert all(window.samples > 10 for window in found.records)
    assert found.device_s >= 0.5 * len(found.windows)
    assert 0 < found.busy <= 1
    assert found.slowdown > 0
    assert progress.totals == {"sustained": 2.0}
    assert progress.done == pytest.approx(2.0)
    assert progress.notes[0].startswith("p50 ")


@pytest.mark.slow
def test_a_network_that_does_not_run_is_an_error(
    session: DeviceSession, network: OptimizedNetwork, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.nb"
    broken.write_bytes(network.file.path.read_bytes()[:100])
    bad = replace(network, file=replace(network.file, path=broken))
    with pytest.raises(ProgramError, match="the runner died at net"):
        measure_sustained(session, bad, seconds=1.0)


@pytest.mark.slow
def test_without_time_nothing_is_measured(
    session: DeviceSession, network: OptimizedNetwork
) -> None:
    with pytest.raises(UsageError, match="more than 0 s"):
        measure_sustained(session, network, seconds=0)
