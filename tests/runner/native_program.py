"""The native runner's sources, compiled for tests, strictly and on this machine's own library."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import edgeslim.runner
from tests.tools import missing, program, require_module

SOURCES = Path(edgeslim.runner.__file__).parent / "native"
STRICT = ("-std=c++11", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread")


def compile_program(compiler: str, source: Path, result: Path, *options: str) -> Path:
    """Compiles one source beside the runner's headers; any warning is a failure."""
    completed = subprocess.run(
        [program(compiler), *STRICT, f"-I{SOURCES}", "-o", str(result), str(source), *options],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    return result


@dataclass(frozen=True, kw_only=True)
class NativeProgram:
    """The runner on the wheel's library."""

    path: Path
    library_path: str

    def command(self, folder: Path) -> list[str]:
        return [str(self.path), str(folder / "batch"), str(folder / "results.jsonl")]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "LD_LIBRARY_PATH": self.library_path, "OMP_NUM_THREADS": "1"}

    def run(self, folder: Path) -> subprocess.CompletedProcess[str]:
        """Does the batch in a folder; its results go there too."""
        return subprocess.run(
            self.command(folder),
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self, folder: Path) -> subprocess.Popen[bytes]:
        """Starts it in a group of its own."""
        return subprocess.Popen(
            self.command(folder),
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def build_native(folder: Path) -> NativeProgram:
    """Links the runner with the library in Paddle-Lite's wheel, which has no headers."""
    require_module("paddlelite")
    found = importlib.util.find_spec("paddlelite")
    assert found is not None
    assert found.submodule_search_locations is not None
    wheel = Path(next(iter(found.submodule_search_locations)))
    python = sysconfig.get_config_var("LIBDIR")
    if not list(Path(python).glob("libpython3.10.so*")):
        missing("this Python has no shared library")
    # Its own name is not that of its file, and the loader goes by its own.
    (folder / "liblite_pybind.so").symlink_to(wheel / "lite.so")
    path = compile_program(
        "g++",
        SOURCES / "edgeslim_runner.cpp",
        folder / "edgeslim_runner",
        "-DEDGESLIM_OWN_LIGHT_API",
        f"-L{folder}",
        "-llite_pybind",
        f"-L{python}",
        "-lpython3.10",
        "-Wl,--allow-shlib-undefined",
    )
    places: Sequence[object] = (folder, wheel / "libs", python)
    return NativeProgram(path=path, library_path=":".join(map(str, places)))
