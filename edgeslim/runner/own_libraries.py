"""The libraries of a compiler's own system, for devices whose own are too old or not there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from edgeslim import process
from edgeslim.errors import BadFileError
from edgeslim.runner.elf import read_elf

__all__ = ["loader_and_libraries"]

_TIMEOUT_S = 60.0
_UNNAMED = "libgcc_s.so.1"
"""What glibc loads without being linked with it, where a thread is cancelled."""


def loader_and_libraries(
    compiler: Sequence[str], program: Path, libraries: Sequence[Path]
) -> tuple[Path, list[Path]]:
    """What a program needs to run where nothing but a kernel is.

    Args:
        compiler: The compiler's command, which knows where the libraries of its system are.
        program: What it compiled.
        libraries: Libraries that travel with the program anyway.

    Returns:
        The loader, which the program is started by, and the libraries.

    Raises:
        BadFileError: The compiler has one of them not, or the program has no loader.
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
    said = process.run(asked, timeout_s=_TIMEOUT_S).output.decode(errors="replace").strip()
    path = Path(said)
    if not (path.is_absolute() and path.is_file()):
        raise BadFileError(
            f"{compiler[0]} has no {name}, which the runner needs; install its libraries for that "
            "processor, or build without --self-contained"
        )
    return path
