"""What keeps a runner from starting on a board is said cause by cause, as its loader sees it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from edgeslim.device import DeviceChoice, Location
from edgeslim.device_state.facts import DeviceFacts, device_facts
from edgeslim.errors import ProgramNotFoundError
from edgeslim.files import write_json
from edgeslim.measuring.device_session import open_device
from edgeslim.measuring.doctor import doctor
from edgeslim.measuring.start_faults import Fault, glibc_fault, start_faults
from edgeslim.runner.build import PROGRAM, BuiltRunner
from edgeslim.runner.bundled_libraries import loader_and_libraries
from edgeslim.runner.elf import version_number
from edgeslim.runner.runners import NativeRunner
from edgeslim.transports import TRANSPORTS, Transport
from tests.devices.ssh_server import SshServer
from tests.tools import program

pytestmark = pytest.mark.slow

REFUSES = "int main(void) { return 3; }\n"
BUILT = BuiltRunner(target="linux-armv8", machine="aarch64", sha256="", files=(PROGRAM,))
REBUILD = "edgeslim runner build --target linux-armv8 --sdk DIR --self-contained"


def compiled(folder: Path, source: str, *options: str | Path, name: str = PROGRAM) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "source.c").write_text(source)
    command = [program("gcc"), str(folder / "source.c"), "-o", str(folder / name)]
    subprocess.run([*command, *map(str, options)], check=True)
    return folder / name


NEWER = {
    "libabsent.so.2": "ABSENT_1.0",
    "libm.so.6": "GLIBC_2.99",
    "libgomp.so.1": "GOMP_9.1",
    "libstdc++.so.6": "GLIBCXX_3.4.99",
}
"""Libraries, and versions of them that no system has yet."""


def from_the_future(folder: Path) -> Path:
    """A program that was linked on a newer system with more libraries."""
    stubs, declared, called = [], "", "3"
    for number, (name, version) in enumerate(NEWER.items()):
        own = folder / str(number)
        own.mkdir(parents=True)
        (own / "versions").write_text(f"{version} {{ global: *; }};\n")
        script = f"-Wl,--version-script={own / 'versions'}"
        options = ("-shared", "-fPIC", "-nostdlib", f"-Wl,-soname,{name}", script)
        stubs.append(compiled(own, f"int f{number}(void) {{ return 0; }}\n", *options, name=name))
        declared += f"int f{number}(void);\n"
        called += f" + f{number}()"
    source = f"{declared}int main(void) {{ return {called}; }}\n"
    return compiled(folder / "runner", source, *stubs)


@pytest.fixture
def board(ssh_device: Location) -> Iterator[Transport]:
    """A board behind a real ssh server."""
    transport = TRANSPORTS.get("ssh")(ssh_device)
    transport.connect()
    yield transport
    transport.close()


def faults_of(board: Transport, path: Path, facts: DeviceFacts | None = None) -> list[Fault]:
    runner = NativeRunner(transport=board, folder=path.parent, built=BUILT, threads=1)
    return start_faults(runner, facts or device_facts(board))


def test_a_runner_that_starts_has_no_fault(board: Transport, tmp_path: Path) -> None:
    assert faults_of(board, compiled(tmp_path, REFUSES)) == []


def test_a_runner_that_brings_its_libraries_starts_by_its_own_loader(
    board: Transport, tmp_path: Path
) -> None:
    path = compiled(tmp_path / "runner", REFUSES)
    loader, libraries = loader_and_libraries([program("gcc")], path, [])
    for file in (loader, *libraries):
        shutil.copy(file, path.parent / file.name)
    names = (PROGRAM, loader.name, *(library.name for library in libraries))
    assert {"libc.so.6", "libgcc_s.so.1"} < set(names)
    built = structs.replace(BUILT, files=names, loader=loader.name)
    runner = NativeRunner(transport=board, folder=path.parent, built=built, threads=1)
    assert start_faults(runner, device_facts(board)) == []
    assert runner.command()[0].endswith(loader.name)


def test_everything_that_is_missing_is_said_by_itself(board: Transport, tmp_path: Path) -> None:
    path = from_the_future(tmp_path)
    facts = device_facts(board)
    faults = {fault.name: fault for fault in faults_of(board, path, facts)}
    assert set(faults) == {"libabsent.so.2", "glibc", "libgomp.so.1", "libstdc++.so.6"}
    absent = faults["libabsent.so.2"]
    assert absent.found == "libabsent.so.2 is missing, which edgeslim_runner needs"
    assert absent.mend == f"put libabsent.so.2 on the device, or {REBUILD}"
    assert facts.glibc
    own = f"the runner needs glibc 2.99, the device has {facts.glibc}"
    assert faults["glibc"].found == own
    assert faults["glibc"].mend.startswith(f"{REBUILD}, or with the compiler of an older system")
    # A system that does not say its version is asked for it in its library.
    silent = faults_of(board, path, replace(facts, glibc=""))
    assert own in [fault.found for fault in silent]
    for name, family in (("libgomp.so.1", "GOMP"), ("libstdc++.so.6", "GLIBCXX")):
        number = NEWER[name].partition("_")[2]
        said, _, has = faults[name].found.rpartition(" ")
        assert said == f"the runner needs {name} with {family} {number}, the device has"
        assert (1,) < version_number(has) < version_number(number)


def test_a_library_that_is_not_installed_is_named_with_its_package(
    board: Transport, tmp_path: Path
) -> None:
    """Where there is one, it is hidden from the program by its loader's own list."""
    path = compiled(tmp_path, REFUSES, "-Wl,--no-as-needed", "-lgomp", "-Wl,-z,nodefaultlib")
    gomp = next(fault for fault in faults_of(board, path) if fault.name == "libgomp.so.1")
    assert gomp.found == "libgomp.so.1 is missing, which edgeslim_runner needs"
    assert gomp.mend == f"apt install libgomp1 on the device, or {REBUILD}"


def test_a_loader_that_is_not_there_is_named(board: Transport, tmp_path: Path) -> None:
    loader = "/lib/ld-linux-of-others.so.9"
    (fault,) = faults_of(board, compiled(tmp_path, REFUSES, f"-Wl,--dynamic-linker={loader}"))
    assert fault.name == "loader"
    assert fault.found.startswith(f"{loader} is missing, which starts linux-armv8 programs: ")
    assert fault.mend.startswith(REBUILD)


def test_a_program_for_another_processor_is_said(board: Transport, tmp_path: Path) -> None:
    path = compiled(tmp_path, REFUSES)
    content = bytearray(path.read_bytes())
    content[18:20] = (8).to_bytes(2, "little")
    path.write_bytes(content)
    (fault,) = faults_of(board, path)
    assert fault.found == f"{path} is not for x86_64, which the device is"
    assert fault.mend == "edgeslim runner build --target linux-x86-64 --sdk DIR"


def test_what_nobody_has_thought_of_is_shown(board: Transport, tmp_path: Path) -> None:
    source = '#include <stdio.h>\nint main(void) { fputs("no such luck", stderr); return 9; }\n'
    (fault,) = faults_of(board, compiled(tmp_path, source))
    assert fault.found == "the runner does not start (9) [it printed last: no such luck]"


PROFILE = """
name = "board"
summary = "this machine over ssh"
transport = "ssh"
target = "x86"
runner = "native"
[location]
host = "127.0.0.1"
port = {port}
folder = "{folder}"
"""


def test_doctor_lists_them_and_other_commands_say_them(
    sshd: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "device_profiles").mkdir()
    text = PROFILE.format(port=sshd.port, folder=tmp_path / "device")
    (tmp_path / "device_profiles" / "board.toml").write_text(text)
    path = from_the_future(tmp_path / "made")
    folder = tmp_path / "runners" / "linux-x86-64"
    folder.mkdir(parents=True)
    path.rename(folder / PROGRAM)
    built = BuiltRunner(target="linux-x86-64", machine="x86_64", sha256="", files=(PROGRAM,))
    write_json(folder / "runner.json", built)
    checks = {check.name: check for check in doctor("board")}
    missing = {name for name, check in checks.items() if not check.ok}
    assert missing == {"libabsent.so.2", "glibc", "libgomp.so.1", "libstdc++.so.6"}
    assert all(check.found and (check.ok or check.mend) for check in checks.values())
    assert "runner" not in checks, "it cannot be had"
    assert checks["space"].found.endswith(" MB free")
    with pytest.raises(ProgramNotFoundError) as told:
        open_device(DeviceChoice(name="board"))
    assert "the runner does not start on" in str(told.value)
    assert all(checks[name].found in str(told.value) for name in missing)


def test_a_board_whose_c_library_is_too_old_is_known_before_anything_is_sent() -> None:
    newer = BuiltRunner(
        target="linux-armv7hf", machine="armv7l", sha256="", files=(PROGRAM,), glibc="2.34"
    )
    fault = glibc_fault(newer, "2.31")
    assert fault is not None
    assert fault.found == "the runner needs glibc 2.34, the device has 2.31"
    assert glibc_fault(newer, "2.36") is None
    assert glibc_fault(newer, "") is None
    assert glibc_fault(BUILT, "2.4") is None
