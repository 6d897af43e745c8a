"""Faults that keep the native runner from starting on a device, each with advice.

The libraries that a program needs are in its file; the device's own loader lists those that are
missing when it is asked to trace them only (ld.so(8), ``LD_TRACE_LOADED_OBJECTS``). Android's
loader names the first that is missing.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from edgeslim.device_state.facts import DeviceFacts
from edgeslim.errors import ProgramNotFoundError
from edgeslim.process import CompletedProgram, last_lines
from edgeslim.runner.build import PROGRAM, BuiltRunner
from edgeslim.runner.build_targets import BUILD_TARGETS, Kit
from edgeslim.runner.elf import read_elf, version_number
from edgeslim.runner.program.results import REFUSED
from edgeslim.runner.runners import NativeRunner

__all__ = ["Fault", "glibc_fault", "start_faults"]

_TIMEOUT_S = 60.0
_PLAIN = {"LC_ALL": "C"}
"""Environment for messages in English, which are parsed."""

_MISSING = re.compile(
    r"^\s*(?P<listed>[^\s/]+) => not found"
    r"|error while loading shared libraries: (?P<first>[^\s:]+): cannot open"
    r"|library \"(?P<android>[^\"]+)\" not found",
    re.MULTILINE,
)
_VERSION = re.compile(r"(?P<path>/[^\s:]+): version [`'](?P<version>\w+?_[\w.]+)' not found")
_GLIBC = "glibc"

_PACKAGES = {
    "libatomic.so.1": "libatomic1",
    "libc.so.6": "libc6",
    "libgcc_s.so.1": "libgcc-s1",
    "libgomp.so.1": "libgomp1",
    "libm.so.6": "libc6",
    "libstdc++.so.6": "libstdc++6",
}
"""Debian's packages by the library that they have."""

# Prints the names of versions that a library has, and the release of glibc, a line each.
_VERSIONS_THERE = """
tr -cs 'A-Za-z0-9_. ' '\\n' <"$1" | grep -e '^[A-Z][A-Z]*_[0-9]' -e 'release version [0-9]'
exit 0
"""
_LOADER_THERE = """
[ -e "$1" ] && echo there
for f in /lib/ld-musl-*; do [ -e "$f" ] && echo musl; done
exit 0
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing that keeps a program from starting.

    Args:
        name: Name of the library, file or part that is at fault.
        found: What was found, for people.
        mend: What to do, for people.
    """

    name: str
    found: str
    mend: str


def glibc_fault(built: BuiltRunner, has: str) -> Fault | None:
    """The fault of a device whose C library is older than a runner needs, if it is.

    Args:
        built: The runner for the device.
        has: Version of glibc on the device; empty if that is not known.
    """
    if not (has and built.glibc) or version_number(has) >= version_number(built.glibc):
        return None
    return Fault(
        name=_GLIBC,
        found=f"the runner needs glibc {built.glibc}, the device has {has}",
        mend=_rebuild_mend(built.target),
    )


def start_faults(runner: NativeRunner, facts: DeviceFacts) -> list[Fault]:
    """All faults that keep the native runner from starting on a device; none if it starts.

    Raises:
        LinkError: The device is gone, or full.
    """
    command = runner.command()
    try:
        plain = _run(runner, command, {})
    except ProgramNotFoundError as error:
        # The file has just been sent: it exists, and may not be executed.
        return [_permission_fault(str(error))]
    if plain.status == REFUSED:  # the runner started, and printed its usage
        return []
    text = _printed_text(plain)
    listed = _printed_text(_run(runner, command, {"LD_TRACE_LOADED_OBJECTS": "1"}))
    faults = [
        *_missing_libraries(runner, text + listed),
        *_old_libraries(runner, listed or text, facts),
    ]
    return faults or [_other_fault(runner, facts, plain)]


def _run(runner: NativeRunner, command: Sequence[str], more: Mapping[str, str]) -> CompletedProgram:
    return runner.transport.run(
        command, timeout_s=_TIMEOUT_S, environment={**runner.environment(), **_PLAIN, **more}
    )


def _printed_text(completed: CompletedProgram) -> str:
    return (completed.output + b"\n" + completed.errors).decode(errors="replace") + "\n"


def _missing_libraries(runner: NativeRunner, text: str) -> Iterator[Fault]:
    names = dict.fromkeys(
        name for match in _MISSING.finditer(text) for name in match.groups() if name
    )
    for name in names:
        package = _PACKAGES.get(name)
        install = f"apt install {package} on the device" if package else f"put {name} on the device"
        yield Fault(
            name=name,
            found=f"{name} is missing, which {_who_needs(runner, name)} needs",
            mend=_install_mend(runner.built.target, install),
        )


def _who_needs(runner: NativeRunner, name: str) -> str:
    """The files of the runner that are linked with a library."""
    linked = [
        file for file in runner.built.files if name in read_elf(runner.folder / file).libraries
    ]
    return " and ".join(linked) or "the runner"


def _old_libraries(runner: NativeRunner, text: str, facts: DeviceFacts) -> Iterator[Fault]:
    """Faults of libraries that are too old; the libraries of glibc count as one."""
    needed: dict[str, dict[str, str]] = {}
    paths: dict[str, str] = {}
    for match in _VERSION.finditer(text):
        family, _, number = match["version"].rpartition("_")
        name = _GLIBC if family == "GLIBC" else match["path"].rpartition("/")[2]
        newest = needed.setdefault(name, {})
        newest[family] = max(newest.get(family, "0"), number, key=version_number)
        folder = match["path"].rpartition("/")[0]
        paths[name] = f"{folder}/libc.so.6" if name == _GLIBC else match["path"]
    for name, newest in needed.items():
        family, number = next(iter(newest.items()))
        has = (
            facts.glibc
            if name == _GLIBC and facts.glibc
            else _version_on_device(runner, paths[name], family)
        )
        what = name if name == _GLIBC else f"{name} with {family}"
        yield Fault(
            name=name,
            found=f"the runner needs {what} {number}, the device has {has or 'an older one'}",
            mend=_rebuild_mend(runner.built.target),
        )


def _version_on_device(runner: NativeRunner, path: str, family: str) -> str:
    """The newest version of a family that a library on a device has, or the release of glibc."""
    argv = ["sh", "-c", _VERSIONS_THERE, "sh", path]
    output = runner.transport.run(argv, timeout_s=_TIMEOUT_S, environment=_PLAIN).output
    lines = output.decode(errors="replace").splitlines()
    releases = [
        found[1] for line in lines if (found := re.search(r"release version ([\d.]+\d)", line))
    ]
    if family == "GLIBC" and releases:
        return releases[0]
    versions = [
        line.removeprefix(f"{family}_")
        for line in lines
        if re.fullmatch(rf"{re.escape(family)}_\d[\d.]*", line)
    ]
    return max(versions, key=version_number, default="")


def _rebuild_mend(target: str) -> str:
    """Advice on building a runner that an older system runs."""
    if BUILD_TARGETS[target].kit is not Kit.GCC:
        return f"edgeslim runner build --target {target} with an older compiler: --compiler"
    return (
        f"edgeslim runner build --target {target} --sdk DIR --self-contained, or with the compiler "
        "of an older system: --compiler"
    )


def _install_mend(target: str, install: str) -> str:
    """Advice on a missing library: install it, or build a runner that does not need it."""
    if BUILD_TARGETS[target].kit is Kit.GCC:
        return f"{install}, or edgeslim runner build --target {target} --sdk DIR --self-contained"
    if BUILD_TARGETS[target].kit is Kit.NDK:
        return f"build the runner with the package {BUILD_TARGETS[target].package}"
    return install


def _permission_fault(found: str) -> Fault:
    return Fault(
        name="folder",
        found=f"{found}, or may not be run where it is",
        mend="name another folder in the profile: [location] folder = ...",
    )


def _other_fault(runner: NativeRunner, facts: DeviceFacts, plain: CompletedProgram) -> Fault:
    """The fault that keeps a program from starting before its libraries are looked for."""
    target, printed = runner.built.target, plain.errors.decode(errors="replace")
    tail = last_lines(plain.errors)
    if "permission denied" in printed.lower():
        return _permission_fault(f"{PROGRAM} is on {runner.transport.place}")
    if "kernel too old" in printed.lower():
        return Fault(
            name="kernel",
            found=f"the device's kernel is older than the C library of the runner takes{tail}",
            mend=f"edgeslim runner build --target {target} with an older compiler: --compiler",
        )
    if plain.status == 128 + signal.SIGILL:
        return Fault(
            name="processor",
            found="the device's processor lacks instructions that the runner is compiled for",
            mend="name a compiler with options for it: --compiler 'COMPILER -march=...'",
        )
    return _file_fault(runner, facts) or Fault(
        name="runner",
        found=f"the runner does not start ({plain.status}){tail}",
        mend=BUILD_TARGETS[target].note or f"edgeslim runner build --target {target} --sdk DIR",
    )


def _file_fault(runner: NativeRunner, facts: DeviceFacts) -> Fault | None:
    """The fault in the program's own file: another processor, or a loader that is missing."""
    if runner.built.loader or BUILD_TARGETS[runner.built.target].kit is Kit.XCODE:
        return None
    elf = read_elf(runner.folder / PROGRAM)
    known = BUILD_TARGETS.get(facts.runner_target)
    if known is not None and known.elf_machine != elf.machine:
        return Fault(
            name="processor",
            found=f"{runner.folder / PROGRAM} is not for {known.machine}, which the device is",
            mend=f"edgeslim runner build --target {facts.runner_target} --sdk DIR",
        )
    argv = ["sh", "-c", _LOADER_THERE, "sh", elf.interpreter]
    there = runner.transport.run(argv, timeout_s=_TIMEOUT_S).output.split()
    if not elf.interpreter or b"there" in there:
        return None
    why = "the device's C library is musl" if b"musl" in there else "the device has no such system"
    return Fault(
        name="loader",
        found=f"{elf.interpreter} is missing, which starts {runner.built.target} programs: {why}",
        mend=_rebuild_mend(runner.built.target),
    )
