"""Building the native runner for a device, with the device's compiler and Paddle-Lite library.

The user builds it, since the choice of Paddle-Lite's library and of the Android NDK is theirs; a
missing file is reported with the package that has it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec

from edgeslim import process
from edgeslim.companion import LITE_VERSION, describe_lite_python, lite_python
from edgeslim.errors import BadFileError, ProgramNotFoundError, UnknownNameError, UsageError
from edgeslim.files import read_json, replace_folder, temporary_folder, write_json
from edgeslim.options import OPTION, called_with
from edgeslim.runner.build_targets import BUILD_TARGETS, RELEASE, BuildTarget, Kit
from edgeslim.runner.bundled_libraries import loader_and_libraries
from edgeslim.runner.elf import newest, read_elf
from edgeslim.version import __version__

__all__ = [
    "PROGRAM",
    "BuiltRunner",
    "RunnerRequest",
    "build_runner",
    "find_runner",
    "has_fp16_kernels",
]

PROGRAM = "edgeslim_runner"
"""File name of the program."""

_SOURCES = Path(__file__).parent / "native"
_FACTS = "runner.json"
_SONAME = "liblite_pybind.so"
"""Name under which the wheel's library is linked and looked for."""

_NDK_VARIABLES = ("ANDROID_NDK_HOME", "ANDROID_NDK_ROOT", "NDK_ROOT")
_ANDROID_API = 21
"""Android 5: the oldest that recent kits compile for."""

_COMPILER_S = 600.0
_RELEASE = re.compile(rb"\0(v2\.\d+[\w.-]*)\0")
_FP16_KERNEL = re.compile(rb"(?<![A-Za-z_])fp32_to_fp16\0")
"""Name of the kernel that converts floats to fp16; a library has it if it has fp16 kernels."""


class BuiltRunner(msgspec.Struct, frozen=True, kw_only=True):
    """The facts in the folder of a built runner.

    Args:
        target: Build target, a name of `BUILD_TARGETS`.
        machine: Processor of the device, as printed by ``uname -m``.
        sha256: Checksum of the program.
        files: Files of the folder that the device needs.
        library_folders: Folders of this machine with libraries that are too large to travel.
        max_threads: Threads that its library can run models with; 0 is no limit.
        glibc: Oldest version of the C library that the device may have; empty for any.
        needs: Libraries that the device must have.
        loader: The file that starts the program, if it brings its own libraries.
        version: Version of edgeslim that built it.
    """

    target: str
    machine: str
    sha256: str
    files: tuple[str, ...]
    library_folders: tuple[str, ...] = ()
    max_threads: int = 0
    glibc: str = ""
    needs: tuple[str, ...] = ()
    loader: str = ""
    version: str = __version__


def find_runner(target: str) -> tuple[Path, BuiltRunner] | None:
    """Finds the built runner of a target in ``runners`` or in the user's data folder.

    Raises:
        UnknownNameError: There is no such target.
        BadFileError: A file of the runner is missing.
    """
    _target_facts(target)
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    for folder in (Path("runners") / target, data / "edgeslim" / "runners" / target):
        if not (folder / _FACTS).is_file():
            continue
        built = read_json(folder / _FACTS, BuiltRunner)
        for name in built.files:
            if not (folder / name).is_file():
                raise BadFileError(
                    f"{folder} lacks {name}; edgeslim runner build --target {target}"
                )
        return folder, built
    return None


def has_fp16_kernels(folder: Path, built: BuiltRunner) -> bool:
    """Whether the library of a built runner has kernels of 16-bit floats.

    Paddle-Lite leaves them out unless it is built with ``--with_arm82_fp16=ON``
    (``cmake/configure.cmake``, ``ENABLE_ARM_FP16``).
    """
    return any(_FP16_KERNEL.search((folder / name).read_bytes()) for name in built.files)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunnerRequest:
    """What can be asked of `build_runner`."""

    target: Annotated[str, OPTION("--target", members=BUILD_TARGETS.keys)] = field(kw_only=False)
    """What to build it for."""
    sdk: Annotated[Path | None, OPTION] = None
    """Folder of Paddle-Lite's unpacked release package."""
    ndk: Annotated[Path | None, OPTION] = None
    """Folder of Android's NDK."""
    compiler: Annotated[str | None, OPTION] = None
    """A C++ compiler other than the usual one, with its options."""
    self_contained: Annotated[bool, OPTION] = False
    """Include the compiler's C library and loader, for boards with an older one or none."""
    out: Annotated[Path | None, OPTION] = None
    """Folder; by default runners/TARGET."""


@called_with(RunnerRequest)
def build_runner(request: RunnerRequest) -> tuple[Path, BuiltRunner]:
    """Compiles the runner into a folder, which is written whole or not at all.

    Raises:
        UnknownNameError: There is no such target.
        UsageError: An option is missing, or means nothing for this target.
        ProgramNotFoundError: There is no such compiler.
        ProgramError: It fails.
        BadFileError: The package lacks a file, or is for another processor.
    """
    target = request.target
    facts = _target_facts(target)
    if request.ndk is not None and facts.kit is not Kit.NDK:
        raise UsageError(f"--ndk means nothing for {target}; it is compiled by {facts.kit.value}")
    if request.self_contained and facts.kit is not Kit.GCC:
        raise UsageError(
            f"--self-contained means nothing for {target}, whose devices have the libraries that "
            "it needs"
        )
    program = _compiler(request, facts)
    folder = _sdk(target, facts, request.sdk)
    include, library = _headers_and_library(facts, folder)
    out = request.out or Path("runners") / target
    with temporary_folder(near=out.absolute().parent) as beside:
        new = beside / "runner"
        new.mkdir()
        _compile(facts, program, include, library, new)
        loader = _bundle_libraries(program, facts, new) if request.self_contained else ""
        built = _facts(target, facts, library, new, loader)
        write_json(new / _FACTS, built)
        replace_folder(new, out.absolute())
    return out, built


def _target_facts(target: str) -> BuildTarget:
    if target not in BUILD_TARGETS:
        raise UnknownNameError("target of the native runner", target, BUILD_TARGETS)
    return BUILD_TARGETS[target]


def _compiler(request: RunnerRequest, facts: BuildTarget) -> Sequence[str]:
    """The command of the compiler."""
    target, asked = request.target, request.compiler
    if facts.kit is Kit.XCODE and not asked:
        if platform.system() != "Darwin" or shutil.which("xcrun") is None:
            raise ProgramNotFoundError(
                f"{target} needs macOS with Xcode (there is no xcrun); build it there and copy "
                f"runners/{target} here, or name a compiler for it with --compiler"
            )
        return ["xcrun", "--sdk", "iphoneos", facts.compiler]
    if asked:
        command = shlex.split(asked)
        if shutil.which(command[0]) is None:
            raise ProgramNotFoundError(f"there is no compiler {command[0]}")
        return command
    if facts.kit is Kit.NDK:
        return [str(_ndk_compiler(target, facts, request.ndk))]
    if shutil.which(facts.compiler):
        return [facts.compiler]
    # On the board itself the compiler has no long name.
    if platform.machine() == facts.machine and shutil.which("g++"):
        return ["g++"]
    raise ProgramNotFoundError(
        f"{target} needs the compiler {facts.compiler}; {facts.install}, "
        "or name another with --compiler"
    )


def _ndk_compiler(target: str, facts: BuildTarget, ndk: Path | None) -> Path:
    """The NDK's compiler for Android 5, or for the oldest that it has."""
    given = [os.environ[name] for name in _NDK_VARIABLES if os.environ.get(name)]
    if ndk is None and not given:
        raise UsageError(
            f"{target} needs Android's NDK, 21 or newer; name its folder with --ndk or "
            f"{_NDK_VARIABLES[0]}, or a compiler with --compiler"
        )
    root = ndk or Path(given[0])
    names = f"toolchains/llvm/prebuilt/*/bin/{facts.compiler}*-clang++"
    found = {_api(path, facts): path for path in root.glob(names)}
    if not found:
        raise ProgramNotFoundError(f"{root} is no NDK of version 21 or newer: it has no {names}")
    return found.get(_ANDROID_API) or found[min(found)]


def _api(compiler: Path, facts: BuildTarget) -> int:
    digits = compiler.name[len(facts.compiler) : -len("-clang++")]
    return int(digits) if digits.isdecimal() else sys.maxsize


def _sdk(target: str, facts: BuildTarget, given: Path | None) -> Path:
    """The folder of Paddle-Lite's package."""
    if given is not None:
        return given
    if facts.kit is not Kit.WHEEL:
        raise UsageError(
            f"{target} needs Paddle-Lite's library; download {facts.package}.tar.gz from its "
            f"release {RELEASE}, unpack it and name the folder with --sdk"
        )
    python = lite_python()
    package = describe_lite_python(python).package
    if not package:
        raise BadFileError(
            f"{python} has no Paddle-Lite; {python} -m pip install paddlelite=={LITE_VERSION}"
        )
    return Path(package)


def _headers_and_library(facts: BuildTarget, sdk: Path) -> tuple[Path | None, Path]:
    """Folder of the package's headers, if it has some, and its library."""
    if facts.kit is Kit.WHEEL:
        library = _require_file(sdk / facts.library, facts)
        _check_machine(library, facts)
        return None, library
    # Packages for Android and Linux have a folder cxx; those for iPhones have not.
    root = next(
        (folder for folder in (sdk / "cxx", sdk) if (folder / "include").is_dir()), sdk / "cxx"
    )
    for header in ("paddle_api.h", "paddle_place.h"):
        _require_file(root / "include" / header, facts)
    library = _require_file(root / "lib" / facts.library, facts)
    if facts.elf_machine:
        _check_machine(library, facts)
    _check_release(library, facts)
    return root / "include", library


def _require_file(path: Path, facts: BuildTarget) -> Path:
    if not path.is_file():
        raise BadFileError(f"there is no {path}; it comes with {facts.package}")
    return path


def _check_machine(library: Path, facts: BuildTarget) -> None:
    """Checks that a library is for the target's processor."""
    with library.open("rb") as stream:
        header = stream.read(20)
    if header[:4] != b"\x7fELF" or len(header) < 20:
        raise BadFileError(f"{library} is no shared library; it comes with {facts.package}")
    found = int.from_bytes(header[18:20], "little")
    if found != facts.elf_machine:
        names = {known.elf_machine: known.machine for known in BUILD_TARGETS.values()}
        raise BadFileError(
            f"{library} is for {names.get(found, f'processor {found}')} and not for "
            f"{facts.machine}; it comes with {facts.package}"
        )


def _check_release(library: Path, facts: BuildTarget) -> None:
    """Checks that a library is not of another release; some do not name theirs."""
    found = {release.decode() for release in _RELEASE.findall(library.read_bytes())}
    if found and RELEASE not in found:
        raise BadFileError(
            f"{library} is of Paddle-Lite {', '.join(sorted(found))}, and models are converted for "
            f"{RELEASE}; take {facts.package} of that release"
        )


def _compile(
    facts: BuildTarget, compiler: Sequence[str], include: Path | None, library: Path, out: Path
) -> None:
    command = [*compiler, "-std=c++11", "-O3", "-Wall", *facts.flags]
    if include is not None:
        command += ["-isystem", str(include.resolve())]
    command += [str(_SOURCES / f"{PROGRAM}.cpp"), "-o", str(out / PROGRAM)]
    if facts.kit is Kit.WHEEL:
        (out / _SONAME).symlink_to(library.resolve())
        command += [str(out / _SONAME), str(_libpython())]
    else:
        command.append(str(library.resolve()))
    completed = process.run([*command, *facts.libraries], timeout_s=_COMPILER_S)
    if completed.status != 0:
        raise process.status_error(f"{compiler[0]} does not compile the runner", completed)
    if facts.kit not in {Kit.WHEEL, Kit.XCODE}:
        shutil.copy(library, out / facts.library)


def _libpython() -> Path:
    """The shared library of the Python that the wheel is for."""
    python = lite_python()
    library = describe_lite_python(python).libpython
    if not library:
        raise BadFileError(
            f"Paddle-Lite's library of the wheel needs libpython3.10.so, and {python} has none; "
            "use a Python 3.10 that was built with --enable-shared"
        )
    return Path(library)


def _bundle_libraries(compiler: Sequence[str], facts: BuildTarget, out: Path) -> str:
    """Copies the loader and the libraries of the compiler's system beside the program."""
    loader, libraries = loader_and_libraries(compiler, out / PROGRAM, [out / facts.library])
    for path in (loader, *libraries):
        shutil.copy(path, out / path.name)
    (out / loader.name).chmod(0o755)
    return loader.name


def _facts(target: str, facts: BuildTarget, library: Path, out: Path, loader: str) -> BuiltRunner:
    """The facts of a built runner."""
    program = (out / PROGRAM).read_bytes()
    travels = facts.kit not in {Kit.WHEEL, Kit.XCODE}
    wheel = facts.kit is Kit.WHEEL
    folders = (library.resolve().parent / "libs", _libpython().parent) if wheel else ()
    # A package of gcc's has what clang's leaves out; the compiler signs what it compiles.
    limited = facts.one_thread and (not travels or b"clang version" in library.read_bytes())
    files = sorted(path.name for path in out.iterdir()) if travels else [PROGRAM]
    of_device = [] if loader or not travels else [read_elf(out / name) for name in files]
    needs = {name for elf in of_device for name in elf.libraries} - set(files)
    return BuiltRunner(
        target=target,
        machine=facts.machine,
        sha256=hashlib.sha256(program).hexdigest(),
        files=tuple(files),
        library_folders=tuple(str(folder) for folder in folders),
        max_threads=1 if limited else 0,
        glibc=newest(of_device, "GLIBC"),
        needs=tuple(sorted(needs)),
        loader=loader,
    )
