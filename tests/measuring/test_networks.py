"""Whole networks measured on this machine, in rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from edgeslim.conversion.operator_jobs import operator_jobs
from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.errors import ProgramAbortedError, ProgramError
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.networks import OptimizedNetwork, measure_networks
from edgeslim.opspec import OpSpec
from edgeslim.runner.job import Job
from tests.measuring.conftest import Watched, hog, patient
from tests.profiling.test_operators import UNRUNNABLE
from tests.values import chain, relu

pytestmark = pytest.mark.slow


@pytest.fixture
def networks(real_jobs: Sequence[Job], operators: Sequence[OpSpec]) -> list[OptimizedNetwork]:
    """Networks of one operator each."""
    found = []
    for job, spec in zip(real_jobs[:2], operators, strict=False):
        path = job.files[job.entry.model]
        file = OptimizedFile(path=path, facts=read_optimized_model(path))
        found.append(OptimizedNetwork(name=job.entry.id, file=file, graph=chain(spec)))
    return found


@pytest.mark.alone
def test_samples_of_all_rounds_are_pooled(
    session: DeviceSession, networks: list[OptimizedNetwork]
) -> None:
    progress = Watched()
    measured = measure_networks(patient(session), networks, seconds=0.01, progress=progress)
    assert list(measured.measurements) == ["operator0", "operator1"]
    null, reference = measured.measurements.values()
    assert null.latency_ms < reference.latency_ms
    assert len(reference.samples_ns) >= 3 * 8
    assert reference.latency_ms == pytest.approx(measured.references_ms["operator1"], rel=0.5)
    assert measured.device_s > 0
    assert progress.stages == [("whole networks", 6)]


def test_a_network_that_does_not_run_is_an_error(
    session: DeviceSession, networks: list[OptimizedNetwork], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.nb"
    broken.write_bytes(networks[1].file.path.read_bytes()[:100])
    bad = replace(networks[1], file=replace(networks[1].file, path=broken))
    with pytest.raises(ProgramError, match="the runner died at operator1"):
        measure_networks(DriftWatch(session), [networks[0], bad], seconds=0.01)


def test_no_networks_are_no_work(session: DeviceSession) -> None:
    measured = measure_networks(DriftWatch(session), [])
    assert measured.measurements == {}
    assert measured.device_s == 0


@pytest.mark.alone
def test_a_hog_does_not_disturb_what_is_short(
    session: DeviceSession, networks: list[OptimizedNetwork]
) -> None:
    watch = patient(session)
    quiet = measure_networks(watch, networks, seconds=0.05).measurements["operator1"]
    with hog():
        loud = measure_networks(watch, networks, seconds=0.05).measurements["operator1"]
    assert loud.latency_ms == pytest.approx(quiet.latency_ms, rel=0.3)


def test_a_network_that_ends_the_runner_is_told_with_the_operator_that_does(
    session: DeviceSession, networks: list[OptimizedNetwork], tmp_path: Path
) -> None:
    (job,) = operator_jobs(
        [UNRUNNABLE], session.execution.target, tmp_path, states=(), name="ending"
    )
    assert isinstance(job, Job)
    path = job.files[job.entry.model]
    file = OptimizedFile(path=path, facts=read_optimized_model(path))
    ending = OptimizedNetwork(name="net", file=file, graph=chain(relu(8), UNRUNNABLE))
    with pytest.raises(ProgramAbortedError) as told:
        measure_networks(DriftWatch(session), [networks[0], ending], seconds=0.01)
    assert "the runner died at net: a check of Paddle-Lite's own ended it: " in str(told.value)
    assert str(told.value).endswith(f"; it ends at {UNRUNNABLE}")
    whole = replace(ending, graph=chain(relu(8)))
    with pytest.raises(ProgramAbortedError, match="none of its operators does so alone"):
        measure_networks(DriftWatch(session), [whole], seconds=0.01)
