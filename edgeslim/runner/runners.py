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
from edgeslim.transports import Transport

__all__ = ["PythonRunner", "Runner", "python_program"]

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
