"""The whole of ``edgeslim doctor``: checks of each step to a device, with advice."""

from __future__ import annotations

import os
import platform
import re
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import metadata

from edgeslim.companion import (
    LITE_VERSION,
    VARIABLE,
    describe_lite_python,
    find_lite_python,
    missing_mend,
)
from edgeslim.device import DeviceChoice, DeviceProfile
from edgeslim.device_state.conditions import read_conditions
from edgeslim.device_state.facts import DeviceFacts, device_facts
from edgeslim.device_state.heat import assess_heat
from edgeslim.errors import DeviceFullError, EdgeslimError, RunnerError
from edgeslim.execution import Target
from edgeslim.measuring.device_session import LOCAL, check_runner, choose_runner, limit_threads
from edgeslim.measuring.fp16_support import has_fp16_library
from edgeslim.measuring.start_faults import start_faults
from edgeslim.runner.runners import NativeRunner, Runner
from edgeslim.transports import TRANSPORTS, Transport

__all__ = ["Check", "doctor"]

_PYTHONS = (3, 10), (3, 14)
_PADDLE = (3, 3, 1), (3, 4)
_NUMPY = (1, 26), (2, 4)
_MAKE_AGAIN = "edgeslim lite install --again"
_CLOCK_OFF_S = 300
_NEEDED_MB = 64
_OTHER_FOLDER = "name another one in the profile: [location] folder = ..."


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One check of a device or of this machine.

    Args:
        name: Name of what was checked.
        ok: Whether it is as it should be.
        found: What was found, for people.
        mend: What to do if it is not as it should be.
        needed: Whether nothing can be measured without it.
    """

    name: str
    ok: bool
    found: str
    mend: str = ""
    needed: bool = True


def doctor(device: str | DeviceChoice = "host") -> list[Check]:
    """Checks every step to a device, up to the first one that nothing can be measured without.

    Raises:
        UsageError: There is no such device, or its options do not fit together.
    """
    choice = DeviceChoice.of(device)
    profile = choice.profile()
    checks = [
        _python_check(),
        _package_check("paddlepaddle", _PADDLE),
        _package_check("numpy", _NUMPY),
        _lite_check(),
    ]
    can_run = all(check.ok for check in checks)
    has_lite = checks[-1].ok
    for step in _check_steps(
        profile, can_run=can_run, has_lite=has_lite, insists=choice.threads is not None
    ):
        checks += step
        if any(check.needed and not check.ok for check in step):
            break
    return checks


def _python_check() -> Check:
    oldest, beyond = (".".join(map(str, version)) for version in _PYTHONS)
    return Check(
        name="python",
        ok=_PYTHONS[0] <= sys.version_info[:2] < _PYTHONS[1],
        found=platform.python_version(),
        mend=f"make an environment with a Python from {oldest} on and before {beyond}",
    )


def _package_check(name: str, versions: tuple[tuple[int, ...], tuple[int, ...]]) -> Check:
    """Checks that a package is there, and tested with edgeslim.

    Args:
        name: Name of the package.
        versions: The oldest version that is tested, and the first that is not.
    """
    oldest, beyond = (".".join(map(str, version)) for version in versions)
    mend = f"{sys.executable} -m pip install '{name}>={oldest},<{beyond}'"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Check(name=name, ok=False, found="not installed", mend=mend)
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
    return Check(name=name, ok=versions[0] <= numbers < versions[1], found=version, mend=mend)


def _lite_check() -> Check:
    """Checks that there is a Python with Paddle-Lite; makes none."""
    name = "paddlelite"
    try:
        python = find_lite_python()
        if python is None:
            return Check(name=name, ok=False, found="not there yet", mend=missing_mend())
        lite = describe_lite_python(python)
    except EdgeslimError as error:
        return _failed_check(name, error, _MAKE_AGAIN)
    wanted = f"'paddlelite=={LITE_VERSION}' 'numpy<2'"
    return Check(
        name=name,
        ok=lite.is_right,
        found=lite.text,
        mend=f"{python} -m pip install {wanted}" if VARIABLE in os.environ else _MAKE_AGAIN,
    )


def _check_steps(
    profile: DeviceProfile, *, can_run: bool, has_lite: bool, insists: bool
) -> Iterator[list[Check]]:
    """Checks step by step; each step needs the one before."""
    with ExitStack() as stack:
        try:
            transport = TRANSPORTS.get(profile.transport)(profile.location)
            stack.callback(transport.close)
            transport.connect()
        except DeviceFullError as error:
            yield [_failed_check("folder", error)]
            return
        except EdgeslimError as error:
            yield [_failed_check(profile.transport, error)]
            return
        yield [Check(name=profile.transport, ok=True, found=transport.place)]
        yield _folder_checks(transport)
        facts = device_facts(transport)
        yield [_facts_check(facts)]
        yield [_clock_check(transport), _heat_check(transport)]
        if not insists:
            profile, note = limit_threads(profile, facts)
            if note:
                yield [_threads_check(note, profile)]
        if not has_lite and profile.transport == LOCAL:
            return  # the runner of this machine is Paddle-Lite's Python
        try:
            runner = choose_runner(profile, transport, facts)
            faults = start_faults(runner, facts) if isinstance(runner, NativeRunner) else []
        except EdgeslimError as error:
            yield [_failed_check("runner", error)]
            return
        yield [
            Check(name=fault.name, ok=False, found=fault.found, mend=fault.mend) for fault in faults
        ]
        yield [Check(name="runner", ok=True, found=_runner_text(runner, profile))]
        if can_run:
            yield [_runtime_check(runner, profile)]


def _failed_check(name: str, error: EdgeslimError, mend: str = "") -> Check:
    """A failed check with the advice in the error's last clause, or else the given one."""
    found, _, own = str(error).partition("; ")
    return Check(name=name, ok=False, found=found, mend=own or mend)


def _threads_check(note: str, profile: DeviceProfile) -> Check:
    """The check that fewer threads are used than a profile asks for, which is no hindrance."""
    return Check(
        name="threads",
        ok=False,
        found=note.partition(";")[0],
        mend=f"threads = {profile.threads} in the profile, or --threads",
        needed=False,
    )


def _folder_checks(transport: Transport) -> list[Check]:
    """Checks that our folder on the device allows programs to run, and has room."""
    try:
        with transport.folder() as folder:
            script = 'printf "#!/bin/sh\\nexit 7\\n" > "$1" && chmod 755 "$1" && "$1"'
            argv = ["sh", "-c", script, "sh", str(folder / "program")]
            status = transport.run(argv, timeout_s=30).status
            shown = transport.run(["sh", "-c", 'df -Pk "$1"', "sh", str(folder)], timeout_s=30)
    except EdgeslimError as error:
        return [_failed_check("folder", error)]
    runs = Check(
        name="folder",
        ok=status == 7,
        found=f"{'' if status == 7 else 'programs cannot be run from '}{folder.parent}",
        mend=f"it may be mounted with noexec; {_OTHER_FOLDER}",
    )
    return [runs, _space_check(shown.output.decode(errors="replace"))]


def _space_check(shown: str) -> Check:
    """Checks the room for the runner, its library and a batch of models in ``df -P``'s output."""
    # The second line has it, and begins with a name that may have spaces.
    match = re.search(r"\s(\d+)\s+\d+%", shown)
    free_mb = int(match[1]) // 1024 if match else None
    return Check(
        name="space",
        ok=free_mb is None or free_mb >= _NEEDED_MB,
        found="not known" if free_mb is None else f"{free_mb} MB free",
        mend=f"make room for {_NEEDED_MB} MB, or {_OTHER_FOLDER}",
        needed=False,
    )


def _facts_check(facts: DeviceFacts) -> Check:
    return Check(
        name="device", ok=True, found=", ".join([facts.hardware, facts.abi, *facts.clusters])
    )


def _clock_check(transport: Transport) -> Check:
    """Checks the date of the device; latencies use another clock, and rows this machine's."""
    printed = transport.run(["date", "+%s"], timeout_s=30).output.strip()
    off = abs(float(printed) - time.time()) if printed.isdigit() else 0.0
    return Check(
        name="clock",
        ok=off < _CLOCK_OFF_S,
        found="right" if off < _CLOCK_OFF_S else f"{off:.0f} s off",
        mend=f"set it on the device: date @{time.time():.0f}",
        needed=False,
    )


def _heat_check(transport: Transport) -> Check:
    found = assess_heat(read_conditions(transport))
    return Check(
        name="temperature",
        ok=not found.is_hot,
        found=found.text,
        mend="let it cool down; measuring waits for that",
        needed=False,
    )


def _runner_text(runner: Runner, profile: DeviceProfile) -> str:
    halves = has_fp16_library(runner) if profile.target is Target.ARM else None
    known = "" if halves is None else f", {'with' if halves else 'without'} kernels of fp16"
    return f"the {runner.name} runner{known}"


def _runtime_check(runner: Runner, profile: DeviceProfile) -> Check:
    """Converts and runs an operator, through every part that measuring uses."""
    name = "opt and runtime"
    try:
        version = check_runner(runner, profile.execution())
    except RunnerError as error:
        # Threads, power modes, versions: the runner's message has the advice.
        return _failed_check(name, error)
    except EdgeslimError as error:
        return _failed_check(name, error, _MAKE_AGAIN)
    return Check(name=name, ok=True, found=f"Paddle-Lite {version}")
