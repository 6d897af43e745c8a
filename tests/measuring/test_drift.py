"""How long a watch waits for quiet moments, where there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.conversion.operator_jobs import operator_jobs
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.measuring.drift import DriftWatch
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Sampling
from tests.values import relu

pytestmark = pytest.mark.slow

NEVER_QUIET_MS = 1e-6
"""A usual best time of the reference operator that it never has again."""


def test_a_device_that_is_never_quiet_is_waited_for_twice_and_then_measured_as_it_is(
    session: DeviceSession, tmp_path: Path
) -> None:
    jobs = [
        job
        for job in operator_jobs(
            [relu(8)], session.execution.target, tmp_path, states=(Sampling(),), name="relu"
        )
        if isinstance(job, Job)
    ]
    watch = DriftWatch(session, patience_s=0.4)
    waited = []
    for _ in range(5):
        watch._references_ms.extend([NEVER_QUIET_MS] * 512)
        batch = watch.run(jobs)
        assert batch.trouble
        waited.append(batch.waited_s > 0.2)
    assert waited[0]
    assert waited.count(True) <= 3
    assert not waited[-1]
    assert not DriftWatch(session, patience_s=0.0).is_patient
