"""Libraries of a compiler's system, for devices whose own are too old or missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from edgeslim import process
from edgeslim.errors import BadFileError
from edgeslim.runner.elf import read_elf

__all__ = ["loader_and_libraries"]

_TIMEOUT_S = 60.0
_UNNAMED = "libgcc_s.so.1"
"""Library that glibc loads without being linked with it, when a thread is cancelled."""


def loader_and_libraries(
    compiler: Sequence[str], program: Path, libraries: Sequence[Path]
) -> tuple[Path, list[Path]]:
    """The loader and all libraries that a program needs on a system that has only a kernel.

    Args:
        compiler: The compiler's command, which finds the libraries of its system.
        program: The program that it compiled.
        libraries: Libraries that are sent with the program anyway.

    Returns:
        The loader that starts the program, and the libraries.

    Raises:
        BadFileError: The compiler lacks one of them, or the program has no loader.
    """
    read = read_elf(program)
    loader = PurePosixPath(read.interpreter).name
    if not loader:
        raise BadFileError(f"{compiler[0]} links {program.name} with no library of its system")
    own = {path.name for path in libraries}
    found: dict[str, Path] = {}
    waiting = [loader, _UNNAMED, *read.libraries]
    waiting += [name for path in libraries for name in read_elf(path).libraries]
    while waiting:
        name = waiting.pop()
        if name not in own and name not in found:
            found[name] = _of_compiler(compiler, name)
            waiting += read_elf(found[name]).libraries
    return found.pop(loader), sorted(found.values(), key=lambda path: path.name)


def _of_compiler(compiler: Sequence[str], name: str) -> Path:
    asked = [*compiler, f"-print-file-name={name}"]
    printed = process.run(asked, timeout_s=_TIMEOUT_S).output.decode(errors="replace").strip()
    path = Path(printed)
    if not (path.is_absolute() and path.is_file()):
        raise BadFileError(
            f"{compiler[0]} has no {name}, which the runner needs; install its libraries for that "
            "processor, or build without --self-contained"
        )
    return path
