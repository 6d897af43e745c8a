"""The whole of ``edgeslim doctor``: the way to a device, step by step, and what mends it."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import metadata

from edgeslim.device import DeviceChoice, DeviceProfile
from edgeslim.device_state.conditions import read_conditions
from edgeslim.device_state.facts import DeviceFacts, device_facts
from edgeslim.device_state.heat import heat
from edgeslim.errors import EdgeslimError
from edgeslim.profiling.device_session import choose_runner, prove_runner
from edgeslim.runner.runners import Runner
from edgeslim.transports import TRANSPORTS, Transport

__all__ = ["Check", "doctor"]

_PADDLE = "3.3.1"
_PADDLE_LITE = "2.13rc0"
_CLOCK_OFF_S = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that must be so.

    Args:
        name: What was looked at.
        ok: Whether it is as it should be.
        found: What it is.
        mend: The command that mends it, if it is not.
        needed: Whether nothing can be measured without it.
    """

    name: str
    ok: bool
    found: str
    mend: str = ""
    needed: bool = True


def doctor(device: str | DeviceChoice = "host") -> list[Check]:
    """Walks the whole way to a device and says what is missing on it.

    Raises:
        UsageError: There is no such device, or it cannot be meant.
    """
    profile = DeviceChoice.of(device).profile()
    checks = [
        _python(),
        _package("paddlepaddle", lambda version: version == _PADDLE, f"=={_PADDLE}"),
        _package("paddlelite", lambda version: version == _PADDLE_LITE, f"=={_PADDLE_LITE}"),
        _package("numpy", lambda version: int(version.split(".")[0]) < 2, "<2"),
    ]
    for check in _way(profile, all(each.ok for each in checks)):
        checks.append(check)
        if check.needed and not check.ok:
            break
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


def _way(profile: DeviceProfile, can_run: bool) -> Iterator[Check]:
    """Each step needs the one before."""
    with ExitStack() as stack:
        try:
            transport = TRANSPORTS.get(profile.transport)(profile.location)
            transport.connect()
            stack.callback(transport.close)
        except EdgeslimError as error:
            yield _failed(profile.transport, error)
            return
        yield Check(name=profile.transport, ok=True, found=transport.place)
        yield _folder(transport)
        facts = device_facts(transport)
        yield _facts(facts)
        yield _clock(transport)
        yield _state(transport)
        try:
            runner = choose_runner(profile, transport, facts)
        except EdgeslimError as error:
            yield _failed("runner", error)
            return
        yield Check(name="runner", ok=True, found=f"the {runner.name} runner")
        if can_run:
            yield _runs(runner, profile)


def _failed(name: str, error: EdgeslimError) -> Check:
    """An error's last clause is what mends it."""
    found, _, mend = str(error).partition("; ")
    return Check(name=name, ok=False, found=found, mend=mend)


def _folder(transport: Transport) -> Check:
    """A folder of ours from which programs can be run."""
    try:
        with transport.folder() as folder:
            script = 'printf "#!/bin/sh\\nexit 7\\n" > "$1" && chmod 755 "$1" && "$1"'
            argv = ["sh", "-c", script, "sh", str(folder / "program")]
            status = transport.run(argv, timeout_s=30).status
    except EdgeslimError as error:
        return _failed("folder", error)
    if status == 7:
        return Check(name="folder", ok=True, found=str(folder.parent))
    return Check(
        name="folder",
        ok=False,
        found=f"programs cannot be run from {folder.parent}",
        mend="name another one in the profile: [location] folder = ...",
    )


def _facts(facts: DeviceFacts) -> Check:
    return Check(
        name="device", ok=True, found=", ".join([facts.hardware, facts.abi, *facts.clusters])
    )


def _clock(transport: Transport) -> Check:
    """Latencies are timed by a clock that nobody sets; rows are dated by this machine's."""
    printed = transport.run(["date", "+%s"], timeout_s=30).output.strip()
    off = abs(float(printed) - time.time()) if printed.isdigit() else 0.0
    return Check(
        name="clock",
        ok=off < _CLOCK_OFF_S,
        found="right" if off < _CLOCK_OFF_S else f"{off:.0f} s off",
        mend=f"set it on the device: date @{time.time():.0f}",
        needed=False,
    )


def _state(transport: Transport) -> Check:
    found = heat(read_conditions(transport))
    return Check(
        name="temperature",
        ok=not found.hot,
        found=found.text,
        mend="let it cool down; measuring waits for that",
        needed=False,
    )


def _runs(runner: Runner, profile: DeviceProfile) -> Check:
    """An operator converted and run, through every part that measuring uses."""
    mend = f"pip install --force-reinstall 'paddlelite=={_PADDLE_LITE}' 'numpy<2'"
    try:
        version = prove_runner(runner, profile.execution())
    except EdgeslimError as error:
        return Check(name="opt and runtime", ok=False, found=str(error), mend=mend)
    return Check(name="opt and runtime", ok=True, found=f"Paddle-Lite {version}")
