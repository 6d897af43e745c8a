"""The programs that run on devices: what they are called with there."""

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

__all__ = ["NativeRunner", "PythonRunner", "Runner", "python_program"]

_PACKAGE = "edgeslim_runner"
_MAIN = f"""\
import sys
from {_PACKAGE}.main import main
main(sys.argv[1], sys.argv[2])
"""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The same files make the same archive, which is then sent only once."""


class Runner(Protocol):
    """A program of the batch protocol on a device."""

    @property
    def name(self) -> str:
        """What tables call it; measurements of different runners do not mix."""

    @property
    def transport(self) -> Transport:
        """Way to the device."""

    @property
    def threads(self) -> int:
        """Threads that models run with."""

    @property
    def power_mode(self) -> PowerMode:
        """Cores that they are bound to."""

    def command(self) -> list[str]:
        """The start of its command line there; sends what the device lacks of it."""

    def environment(self) -> Mapping[str, str]:
        """Variables it runs with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PythonRunner:
    """The runner as a Python program, where Paddle-Lite's wheel is installed.

    Args:
        transport: Way to the device.
        python: Python there.
        threads: Threads that models run with.
    """

    transport: Transport
    python: str
    threads: int
    power_mode: PowerMode = PowerMode.NO_BIND
    name: str = field(default="python", init=False)

    def command(self) -> list[str]:
        """Python alone, with nothing of the user's own on its path."""
        return [self.python, "-I", str(self.transport.keep(python_program()))]

    def environment(self) -> Mapping[str, str]:
        """Variables that make every thread pool as large as asked."""
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        return dict.fromkeys(names, str(self.threads))


@dataclass(frozen=True, kw_only=True, slots=True)
class NativeRunner:
    """The runner that `edgeslim.runner.build` compiled, where there is no Python.

    Args:
        transport: Way to the device.
        folder: Folder of the built runner, here.
        built: What it says about itself.
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
        """The program, behind the loader that it may have brought; its libraries are sent too."""
        folders = self._library_folders()
        program = str(self.transport.keep(self.folder / PROGRAM))
        if not self.built.loader:
            return [program]
        loader = str(self.transport.keep(self.folder / self.built.loader))
        return [loader, "--library-path", ":".join(folders), program]

    def environment(self) -> Mapping[str, str]:
        """Where its libraries are, and as many threads as asked."""
        folders = [] if self.built.loader else self._library_folders()
        if self.built.library_folders:  # of this machine, with a link beside the program
            folders += [str(self.folder.resolve()), *self.built.library_folders]
        search = {"LD_LIBRARY_PATH": ":".join(folders)} if folders else {}
        return {**search, "OMP_NUM_THREADS": str(self.threads)}

    def _library_folders(self) -> list[str]:
        """Where libraries are on the device: each kept file has a folder of its own."""
        started = {PROGRAM, self.built.loader}
        names = [name for name in self.built.files if name not in started]
        kept = [self.transport.keep(self.folder / name) for name in names]
        return list(dict.fromkeys(str(path.parent) for path in kept))


@cache
def python_program() -> Path:
    """The program as one file, which is there until this process ends."""
    folder = Path(tempfile.mkdtemp(prefix=".edgeslim."))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "edgeslim_runner.pyz"
    parts = {
        f"{_PACKAGE}/{part.name}": part.read_text()
        for part in files("edgeslim.runner.program").iterdir()
        if part.name.endswith(".py")
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in sorted({"__main__.py": _MAIN, **parts}.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text)
    return path
