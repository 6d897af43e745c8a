"""The native runner built for other machines, and what is said when something is missing."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from edgeslim.cli.runner import app
from edgeslim.device import Location
from edgeslim.errors import (
    BadFileError,
    EdgeslimError,
    ProgramFailedError,
    ProgramNotFoundError,
    UnknownNameError,
    UsageError,
)
from edgeslim.files import write_json
from edgeslim.runner import build as build_module
from edgeslim.runner.build import (
    PROGRAM,
    BuiltRunner,
    build_runner,
    find_runner,
    has_fp16_kernels,
)
from edgeslim.runner.build_targets import BUILD_TARGETS, LIBRARY
from edgeslim.runner.program.results import REFUSED
from edgeslim.runner.runners import NativeRunner
from edgeslim.transports import TRANSPORTS
from tests.tools import program

SOURCES = Path(build_module.__file__).parent / "native"
STUB = Path(__file__).parent / "stub_library.cpp"
STRICT = [
    "-std=c++11",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-psabi",
    "-DEDGESLIM_OWN_LIGHT_API",
    f"-I{SOURCES}",
]
CROSS = {"linux-armv7hf": "arm-linux-gnueabihf-g++", "linux-armv8": "aarch64-linux-gnu-g++"}


def elf_machine(path: Path) -> int:
    return int.from_bytes(path.read_bytes()[18:20], "little")


def package(folder: Path, compiler: str) -> Path:
    """A package as Paddle-Lite's releases are laid out, with nothing behind its library."""
    include, library = folder / "cxx" / "include", folder / "cxx" / "lib"
    include.mkdir(parents=True)
    library.mkdir()
    (include / "paddle_api.h").write_text(f'#include "{SOURCES / "light_api.h"}"\n')
    (include / "paddle_place.h").write_text("")
    linked = (f"-Wl,-soname,{LIBRARY}", "-Wl,--no-as-needed", "-lgomp")
    command = [program(compiler), "-shared", "-fPIC", *STRICT, str(STUB), *linked]
    subprocess.run([*command, "-o", str(library / LIBRARY)], check=True)
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder without any setting that matters."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for name in ("ANDROID_NDK_HOME", "ANDROID_NDK_ROOT", "NDK_ROOT"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path
    assert not list(tmp_path.rglob(".edgeslim.*")), "no part is left"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("compiler", "level"),
    [("g++", "-O0"), *((compiler, "-O3") for compiler in ("g++", *CROSS.values()))],
)
def test_it_compiles_without_a_warning(tmp_path: Path, compiler: str, level: str) -> None:
    # Linked too: constants without a home are missing only where nothing is folded away, which is
    # so on every processor.
    sources = [str(SOURCES / f"{PROGRAM}.cpp"), str(STUB), "-pthread"]
    command = [program(compiler), *STRICT, level, *sources, "-o", str(tmp_path / "runner")]
    completed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (completed.returncode, completed.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("target", CROSS)
def test_a_board_s_runner_is_built_whole_and_found(here: Path, target: str) -> None:
    sdk = package(here / "sdk", CROSS[target])
    folder, built = build_runner(target, sdk=sdk)
    assert folder == Path("runners") / target
    assert built.files == (PROGRAM, LIBRARY)
    assert (built.max_threads, built.library_folders) == (0, ())
    assert elf_machine(folder / PROGRAM) == BUILD_TARGETS[target].elf_machine
    assert (folder / LIBRARY).read_bytes() == (sdk / "cxx" / "lib" / LIBRARY).read_bytes()
    assert os.access(folder / PROGRAM, os.X_OK)
    assert tuple(map(int, built.glibc.split("."))) >= (2, 4)
    assert {"libc.so.6", "libgomp.so.1", "libstdc++.so.6"} <= set(built.needs)
    assert not [name for name in built.needs if "/" in name or name == LIBRARY]
    assert find_runner(target) == (folder, built)
    # Its files are sent one by one.
    transport = TRANSPORTS.get("local")(Location())
    runner = NativeRunner(transport=transport, folder=folder, built=built, threads=2)
    assert runner.command() == [str((folder / PROGRAM).resolve())]
    expected = {"LD_LIBRARY_PATH": str(folder.resolve()), "OMP_NUM_THREADS": "2"}
    assert runner.environment() == expected


@pytest.mark.parametrize(
    ("text", "has"),
    [
        (b"\0relax_fp32_to_fp16\0", False),
        (b"12fp32_to_fp16EPKfPDhi\0", False),
        (b"\0fp32_to_fp16\0", True),
        (b"\0calib,kARM,kFP16,kNCHW,fp32_to_fp16\0", True),
    ],
)
def test_a_library_says_whether_it_has_kernels_of_halves(
    tmp_path: Path, text: bytes, has: bool
) -> None:
    (tmp_path / PROGRAM).write_bytes(b"")
    (tmp_path / LIBRARY).write_bytes(b"\x7fELF" + text)
    built = BuiltRunner(target="linux-armv8", machine="", sha256="", files=(PROGRAM, LIBRARY))
    assert has_fp16_kernels(tmp_path, built) == has


@pytest.mark.slow
def test_a_self_contained_runner_starts_where_no_library_is(here: Path) -> None:
    """No libraries for Arm are where programs of this machine look for theirs."""
    emulator = program("qemu-arm")
    sdk = package(here / "sdk", CROSS["linux-armv7hf"])
    compiler = f"{CROSS['linux-armv7hf']} -marm"
    folder, built = build_runner("linux-armv7hf", sdk=sdk, compiler=compiler, self_contained=True)
    assert built.loader == "ld-linux-armhf.so.3"
    assert {"libc.so.6", "libgomp.so.1", "libstdc++.so.6", "libgcc_s.so.1"} <= set(built.files)
    assert (built.glibc, built.needs) == ("", ())
    transport = TRANSPORTS.get("local")(Location())
    runner = NativeRunner(transport=transport, folder=folder, built=built, threads=1)
    assert "LD_LIBRARY_PATH" not in runner.environment()
    for command in (runner.command(), [str(folder / PROGRAM)]):
        ended = subprocess.run(
            [emulator, *command], check=False, capture_output=True, text=True, env={}
        )
        starts = command == runner.command()
        assert (ended.returncode == REFUSED) == starts, ended.stderr
        assert ("usage: edgeslim_runner" in ended.stderr) == starts


def hasty(folder: Path, compiler: str) -> str:
    """A compiler that optimizes nothing, whatever it is told: nothing runs what it compiles."""
    path = folder / "hasty"
    path.write_text(f'#!/bin/sh\nexec {program(compiler)} "$@" -O0\n')
    path.chmod(0o755)
    return str(path)


def kit(folder: Path, *names: str) -> Path:
    """A folder as the NDK is laid out, whose compilers are this machine's for Arm's boards."""
    programs = folder / "toolchains" / "llvm" / "prebuilt" / "linux-x86_64" / "bin"
    programs.mkdir(parents=True)
    for name in names:
        real = CROSS["linux-armv8" if name.startswith("aarch64") else "linux-armv7hf"]
        path = programs / name
        path.write_text(
            f'#!/bin/sh\necho "$0 $*" >> {folder}/asked\n'
            'for each in "$@"; do shift; case "$each" in\n'
            "-static-openmp|-llog|-latomic|-lz|-mfloat-abi=softfp) ;;\n"
            "-O*) ;;\n"  # as in `hasty`
            '*) set -- "$@" "$each" ;; esac; done\n'
            f'exec {program(real)} "$@"\n'
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("by_clang", "threads"), [(True, 1), (False, 0)])
def test_androids_compiler_is_found_and_clang_s_threads_are_known(
    here: Path, monkeypatch: pytest.MonkeyPatch, by_clang: bool, threads: int
) -> None:
    sdk = package(here / "sdk", CROSS["linux-armv7hf"])
    if by_clang:
        with (sdk / "cxx" / "lib" / LIBRARY).open("ab") as stream:
            stream.write(b"Android clang version 6.0.2")
    names = [f"armv7a-linux-androideabi{api}-clang++" for api in (16, 21, 30)]
    monkeypatch.setenv("ANDROID_NDK_HOME", str(kit(here / "ndk", *names)))
    folder, built = build_runner("android-armv7", sdk=sdk)
    assert built.max_threads == threads
    assert elf_machine(folder / PROGRAM) == 40
    asked = (here / "ndk" / "asked").read_text()
    assert "androideabi21-clang++ -std=c++11" in asked
    assert "-mfloat-abi=softfp" in asked
    assert "-static-libstdc++" in asked


@pytest.mark.slow
def test_the_oldest_android_of_a_kit_is_taken_if_it_has_not_5(here: Path) -> None:
    sdk = package(here / "sdk", CROSS["linux-armv8"])
    names = [f"aarch64-linux-android{api}-clang++" for api in (30, 24)]
    build_runner("android-armv8", sdk=sdk, ndk=kit(here / "ndk", *names))
    assert "aarch64-linux-android24-clang++" in (here / "ndk" / "asked").read_text()


def elf(path: Path, machine: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little") + bytes(44))
    return path


def bare_package(folder: Path, machine: int) -> Path:
    (folder / "cxx" / "include").mkdir(parents=True)
    for name in ("paddle_api.h", "paddle_place.h"):
        (folder / "cxx" / "include" / name).write_text("")
    elf(folder / "cxx" / "lib" / LIBRARY, machine)
    return folder


def of_release(name: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        with (bare_package(folder, 40) / "cxx" / "lib" / LIBRARY).open("ab") as stream:
            stream.write(b"\0" + name + b"\0")
        return folder

    return make


def without(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        bare_package(folder, 40)
        (folder / "cxx" / name).unlink()
        return folder

    return make


PACKAGE = BUILD_TARGETS["linux-armv7hf"].package


@pytest.mark.parametrize(
    ("sdk", "message"),
    [
        (
            lambda folder: folder,
            f"no sdk/cxx/include/paddle_api.h; it comes with {PACKAGE}",
        ),
        (without("include/paddle_place.h"), "there is no sdk/cxx/include/paddle_place.h"),
        (without(f"lib/{LIBRARY}"), f"there is no sdk/cxx/lib/{LIBRARY}; it comes with {PACKAGE}"),
        (
            lambda folder: bare_package(folder, 183),
            f"sdk/cxx/lib/{LIBRARY} is for aarch64 and not for armv7l; it comes with {PACKAGE}",
        ),
        (lambda folder: bare_package(folder, 8), "is for processor 8 and not for armv7l"),
        (of_release(b"v2.12"), "is of Paddle-Lite v2.12, and models are converted for v2.13-rc"),
    ],
)
def test_what_a_package_lacks_is_named(
    here: Path, sdk: Callable[[Path], Path], message: str
) -> None:
    with pytest.raises(BadFileError) as error:
        build_runner("linux-armv7hf", sdk=sdk(Path("sdk")), compiler="sh")
    assert message in str(error.value)
    assert not (here / "runners").exists()


@pytest.mark.parametrize(
    ("target", "options", "kind", "message"),
    [
        ("linux-armv7", {}, UnknownNameError, "did you mean 'linux-armv7hf'"),
        ("android-armv8", {}, UsageError, "name its folder with --ndk or ANDROID_NDK_HOME"),
        (
            "android-armv8",
            {"ndk": Path("ndk")},
            ProgramNotFoundError,
            "ndk is no NDK of",
        ),
        (
            "android-armv8",
            {"self_contained": True},
            UsageError,
            "--self-contained means nothing for android-armv8",
        ),
        ("linux-x86-64", {"ndk": Path("ndk")}, UsageError, "--ndk means nothing for linux-x86-64"),
        ("ios-arm64", {}, ProgramNotFoundError, "needs macOS with Xcode"),
        ("linux-armv8", {"compiler": "nocc"}, ProgramNotFoundError, "there is no compiler nocc"),
        (
            "linux-armv8",
            {"compiler": "sh"},
            UsageError,
            "download inference_lite_lib.armlinux.armv8.gcc.with_extra.tar.gz",
        ),
        ("linux-x86-64", {"compiler": "sh", "sdk": Path()}, BadFileError, "there is no lite.so"),
    ],
)
def test_what_is_missing_is_said_with_the_mend(
    here: Path, target: str, options: dict[str, Any], kind: type[EdgeslimError], message: str
) -> None:
    with pytest.raises(kind) as error:
        build_runner(target, **options)
    assert message in str(error.value)


def test_a_board_s_compiler_that_is_not_installed_is_named(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(here))
    with pytest.raises(ProgramNotFoundError) as error:
        build_runner("linux-armv7hf", sdk=bare_package(Path("sdk"), 40))
    assert "needs the compiler arm-linux-gnueabihf-g++; apt install g++-arm-linux-gnueabihf" in str(
        error.value
    )


@pytest.mark.slow
def test_a_compiler_that_fails_leaves_what_was_there(here: Path) -> None:
    sdk = package(here / "sdk", CROSS["linux-armv8"])
    build_runner("linux-armv8", sdk=sdk, compiler=hasty(here, CROSS["linux-armv8"]))
    (sdk / "cxx" / "include" / "paddle_api.h").write_text("#error of another time\n")
    with pytest.raises(ProgramFailedError, match="does not compile the runner"):
        build_runner("linux-armv8", sdk=sdk)
    assert find_runner("linux-armv8") is not None


def test_a_runner_is_found_here_first_and_then_among_the_users_data(here: Path) -> None:
    assert find_runner("linux-armv8") is None
    built = BuiltRunner(target="linux-armv8", machine="aarch64", sha256="", files=(PROGRAM,))
    for folder in (here / "data" / "edgeslim" / "runners", Path("runners")):
        path = folder / "linux-armv8"
        path.mkdir(parents=True)
        (path / PROGRAM).write_bytes(b"")
        write_json(path / "runner.json", built)
        assert find_runner("linux-armv8") == (path, built)
    (Path("runners") / "linux-armv8" / PROGRAM).unlink()
    with pytest.raises(BadFileError, match="lacks edgeslim_runner; edgeslim runner build"):
        find_runner("linux-armv8")


@pytest.mark.slow
def test_the_command_says_what_it_built(here: Path) -> None:
    program_ = typer.Typer()
    program_.add_typer(app, name="runner")
    sdk = package(here / "sdk", CROSS["linux-armv8"])
    compiler = hasty(here, CROSS["linux-armv8"])
    arguments = ["runner", "build", "--target", "linux-armv8", "--sdk", str(sdk), "--out", "out"]
    arguments += ["--compiler", compiler]
    shown = CliRunner().invoke(program_, arguments)
    assert shown.exit_code == 0, shown.output
    assert "built out/edgeslim_runner for aarch64" in shown.output
    assert "the device needs glibc" in shown.output
    assert "libgomp.so.1, libstdc++.so.6; edgeslim doctor says" in shown.output
    shutil.rmtree("out")
