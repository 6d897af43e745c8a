"""What every device profile that comes with edgeslim is."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.device import DeviceProfile, load_device
from edgeslim.resources import data_folder
from edgeslim.transports import TRANSPORTS

PROFILES = sorted(data_folder("device_profiles").glob("*.toml"))


@pytest.fixture(params=PROFILES, ids=lambda path: path.stem)
def profile(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> DeviceProfile:
    """Each profile, found by its name from somewhere else."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return load_device(request.param.stem)


def test_there_is_a_profile_of_this_machine() -> None:
    assert "host" in {path.stem for path in PROFILES}


def test_it_says_in_a_line_what_it_is(profile: DeviceProfile) -> None:
    assert profile.summary.strip()
    assert "\n" not in profile.summary


def test_its_transport_is_on_the_shelf(profile: DeviceProfile) -> None:
    assert profile.transport in TRANSPORTS


def test_operators_are_timed_hot_and_in_other_states(profile: DeviceProfile) -> None:
    assert profile.swept_mb[0] == 0
    assert len(profile.swept_mb) >= 2


def test_it_says_how_models_run(profile: DeviceProfile) -> None:
    assert profile.execution().threads == profile.threads
    assert profile.execution().target is profile.target
