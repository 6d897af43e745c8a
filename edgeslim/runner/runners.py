"""The runners on devices, with their command lines and environments."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from edgeslim.execution import PowerMode
from edgeslim.runner.build import PROGRAM, BuiltRunner
from edgeslim.transports import Transport

__all__ = ["NativeRunner", "PythonRunner", "Runner", "engine_program", "python_program"]

_PACKAGE = "edgeslim_runner"
_MAIN = f"""\
import sys
from {_PACKAGE}.main import main
main(sys.argv[1], sys.argv[2])
"""
_ENGINE_MAIN = f"""\
import sys
from {_PACKAGE} import engine
from {_PACKAGE}.engine_models import OtherEngine, print_version
from {_PACKAGE}.main import main
if sys.argv[1:] == ["--version"]:
    print_version({{0!r}}, engine)
else:
    main(sys.argv[1], sys.argv[2], OtherEngine({{0!r}}, engine))
"""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Date of all files, so that the same files make the same archive, which is sent only once."""


class Runner(Protocol):
    """A program of the batch protocol on a device."""

    @property
    def name(self) -> str:
        """Name in tables; measurements of different runners do not mix."""

    @property
    def transport(self) -> Transport:
        """Link to the device."""

    @property
    def threads(self) -> int:
        """Threads that models run with."""

    @property
    def power_mode(self) -> PowerMode:
        """Cores that models are bound to."""

    def command(self) -> list[str]:
        """Start of its command line on the device; sends the files that the device lacks."""

    def environment(self) -> Mapping[str, str]:
        """Environment variables of the runner."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PythonRunner:
    """The runner as a Python program, where Paddle-Lite's wheel is installed.

    Args:
        transport: Link to the device.
        python: Command of Python on the device.
        threads: Threads that models run with.
        power_mode: Cores that they are bound to.
    """

    transport: Transport
    python: str
    threads: int
    power_mode: PowerMode = PowerMode.NO_BIND
    name: str = field(default="python", init=False)

    def command(self) -> list[str]:
        """Python in isolated mode, with the program as an archive."""
        return [self.python, "-I", str(self.transport.keep(python_program()))]

    def environment(self) -> Mapping[str, str]:
        """Variables that give every thread pool the requested size."""
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        return dict.fromkeys(names, str(self.threads))


@dataclass(frozen=True, kw_only=True, slots=True)
class NativeRunner:
    """The runner that `edgeslim.runner.build` compiled, where there is no Python.

    Args:
        transport: Link to the device.
        folder: Folder of the built runner on this machine.
        built: Facts of the built runner.
        threads: Threads that models run with.
        power_mode: Cores that they are bound to.
    """

    transport: Transport
    folder: Path
    built: BuiltRunner
    threads: int
    power_mode: PowerMode = PowerMode.NO_BIND
    name: str = field(default="native", init=False)

    def command(self) -> list[str]:
        """The program, after its bundled loader if it has one; its libraries are sent too."""
        folders = self._library_folders()
        program = str(self.transport.keep(self.folder / PROGRAM))
        if not self.built.loader:
            return [program]
        loader = str(self.transport.keep(self.folder / self.built.loader))
        return [loader, "--library-path", ":".join(folders), program]

    def environment(self) -> Mapping[str, str]:
        """Variables with the folders of its libraries, and the requested threads."""
        folders = [] if self.built.loader else self._library_folders()
        if self.built.library_folders:  # of this machine, with a link beside the program
            folders += [str(self.folder.resolve()), *self.built.library_folders]
        search = {"LD_LIBRARY_PATH": ":".join(folders)} if folders else {}
        return {**search, "OMP_NUM_THREADS": str(self.threads)}

    def _library_folders(self) -> list[str]:
        """Folders of its libraries on the device: each kept file has a folder of its own."""
        started = {PROGRAM, self.built.loader}
        names = [name for name in self.built.files if name not in started]
        kept = [self.transport.keep(self.folder / name) for name in names]
        return list(dict.fromkeys(str(path.parent) for path in kept))


@cache
def python_program() -> Path:
    """The Python runner as one archive, which exists until this process ends."""
    return _write_archive(f"{_PACKAGE}.pyz", {"__main__.py": _MAIN})


@cache
def engine_program(name: str, runtime: Path) -> Path:
    """The same program with an engine's module in place of Paddle-Lite.

    Args:
        name: Name of the engine.
        runtime: File of the module, as ``engine_models`` of the program describes it.
    """
    parts = {"__main__.py": _ENGINE_MAIN.format(name), f"{_PACKAGE}/engine.py": runtime.read_text()}
    return _write_archive(f"{_PACKAGE}_{name}.pyz", parts)


def _write_archive(name: str, parts: Mapping[str, str]) -> Path:
    """Writes the program's files and some others as an archive into a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix=".edgeslim."))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / name
    program = {
        f"{_PACKAGE}/{part.name}": part.read_text()
        for part in files("edgeslim.runner.program").iterdir()
        if part.name.endswith(".py")
    }
    with zipfile.ZipFile(path, "w") as archive:
        for part, text in sorted({**program, **parts}.items()):
            archive.writestr(zipfile.ZipInfo(part, _EPOCH), text)
    return path
