"""The whole of ``edgeslim devices`` and ``edgeslim doctor``: what is there, what is missing."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

from edgeslim.device import DeviceProfile, device_names, load_device
from edgeslim.errors import EdgeslimError
from edgeslim.profiling.device_session import open_device
from edgeslim.transports import TRANSPORTS

__all__ = ["Check", "devices", "doctor"]

_PADDLE = "3.3.1"
_PADDLE_LITE = "2.13rc0"


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that must be so.

    Args:
        name: What was looked at.
        ok: Whether it is as it should be.
        found: What it is.
        mend: The command that mends it, if it is not.
    """

    name: str
    ok: bool
    found: str
    mend: str = ""


def devices() -> list[DeviceProfile]:
    """The profiles of all devices that edgeslim knows.

    Raises:
        BadFileError: A profile cannot be read; the message has the place.
    """
    return [load_device(name) for name in device_names()]


def doctor(device: str = "host") -> list[Check]:
    """Walks the whole way to a device and says what is missing on it.

    Raises:
        UnknownNameError: There is no such device.
    """
    profile = load_device(device)
    checks = [
        _python(),
        _package("paddlepaddle", lambda version: version == _PADDLE, f"=={_PADDLE}"),
        _package("paddlelite", lambda version: version == _PADDLE_LITE, f"=={_PADDLE_LITE}"),
        _package("numpy", lambda version: int(version.split(".")[0]) < 2, "<2"),
        _reached(profile),
    ]
    if all(check.ok for check in checks):
        checks.append(_runs(device))
    return checks


def _python() -> Check:
    version = platform.python_version()
    return Check(
        name="python",
        ok=version.startswith("3.10."),
        found=version,
        mend="run scripts/quickstart, which makes an environment with Python 3.10",
    )


def _package(name: str, fits: Callable[[str], bool], wanted: str) -> Check:
    mend = f"pip install '{name}{wanted}'"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Check(name=name, ok=False, found="not installed", mend=mend)
    return Check(name=name, ok=fits(version), found=version, mend=mend)


def _reached(profile: DeviceProfile) -> Check:
    try:
        completed = TRANSPORTS.get(profile.transport)(profile.location).run(
            ["uname", "-sm"], timeout_s=10
        )
    except EdgeslimError as error:
        return Check(name=profile.transport, ok=False, found=str(error))
    return Check(
        name=profile.transport,
        ok=completed.status == 0,
        found=completed.output.decode(errors="replace").strip(),
    )


def _runs(device: str) -> Check:
    """An operator converted and run, through every part that measuring uses."""
    try:
        session = open_device(device)
    except EdgeslimError as error:
        return Check(
            name="opt and runtime",
            ok=False,
            found=str(error),
            mend=f"pip install --force-reinstall 'paddlelite=={_PADDLE_LITE}' 'numpy<2'",
        )
    return Check(
        name="opt and runtime",
        ok=True,
        found=f"Paddle-Lite {session.library_version} on {session.hardware}",
    )
