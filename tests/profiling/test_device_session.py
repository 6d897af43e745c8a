"""A device is proved to run models before anything is measured on it."""

from __future__ import annotations

import re

import pytest

from edgeslim.device import DeviceChoice
from edgeslim.durations import now
from edgeslim.errors import UnknownNameError, UsageError
from edgeslim.execution import Target
from edgeslim.profiling.device_session import DeviceSession, open_device
from edgeslim.version import __version__


@pytest.mark.slow
def test_this_machine_says_what_its_measurements_depend_on(session: DeviceSession) -> None:
    context = session.context()
    assert context.device == "host"
    assert context.execution.target is Target.X86
    assert context.execution.threads == 1
    assert context.library_version == session.library_version == "v2.13-rc"
    assert context.edgeslim == __version__
    assert not context.simulated
    assert re.fullmatch(r".+, \d+ cores", context.hardware)
    assert context.runner == "python"


@pytest.mark.slow
def test_a_device_opened_twice_has_the_same_context(session: DeviceSession) -> None:
    again = open_device("host")
    assert again.context().difference(session.context()) == ""


def test_what_cannot_be_meant_is_refused_before_anything_is_started() -> None:
    with pytest.raises(UnknownNameError, match="unknown device 'hots'"):
        open_device("hots")
    with pytest.raises(UsageError, match="10000 threads do not fit on host's"):
        open_device(DeviceChoice(threads=10_000))
    with pytest.raises(UsageError, match="threads must be at least 1, not 0"):
        open_device(DeviceChoice(threads=0))


def test_times_are_universal_and_to_the_second() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", now())
