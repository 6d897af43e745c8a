"""The program ``edgeslim`` itself, in a process of its own, as a user starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeslim.cli.output import GAPS
from tests.forked import Forked
from tests.tools import PROJECT

START = "from edgeslim.cli.main import run; run()"


@dataclass(frozen=True)
class Ended:
    """How a call of the program ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output; fails if there is anything else."""
        return json.loads(self.out)

    def error(self, code: int) -> str:
        """The one line that says what went wrong, with the exit code that it must have."""
        assert self.code == code, (self.code, self.err)
        lines = self.err.splitlines()
        errors = [line for line in lines if line.startswith("edgeslim: ")]
        assert len(errors) == 1, self.err
        assert lines[-1] == errors[0], self.err
        assert "Traceback" not in self.err
        return errors[0].removeprefix("edgeslim: ")


def start(
    *arguments: object, folder: Path, first: str = "", **variables: str
) -> subprocess.Popen[str]:
    """Starts the program in a folder; ``first`` is Python that runs in its process before."""
    return subprocess.Popen(
        [sys.executable, "-c", f"{first}\n{START}", *map(str, arguments)],
        cwd=folder,
        env=_environment(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PROJECT), "COLUMNS": "100", **variables}


def full_after(size_bytes: int) -> str:
    """Python that makes every file end at a size, as on a disk that is full.

    Python itself does not notice that the byte code it caches is cut short, so it caches none.
    """
    return (
        "import resource, sys; sys.dont_write_bytecode = True; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size_bytes},) * 2)"
    )


def ended(process: subprocess.Popen[str] | Forked, *, timeout_s: float = 600.0) -> Ended:
    """Waits for the program's end."""
    if isinstance(process, Forked):
        return Ended(*process.end(timeout_s))
    try:
        out, err = process.communicate(timeout=timeout_s)
    finally:
        process.kill()
    return Ended(process.returncode, out, err)


def fork(*arguments: object, folder: Path, first: str = "", **variables: str) -> Forked:
    """Begins the program forked from a process that has loaded all of it; see `start`.

    Loading is most of the time of a small command.
    """
    return Forked(list(map(str, arguments)), folder, first, _environment(variables))


def edgeslim(*arguments: object, folder: Path, first: str = "", **variables: str) -> Ended:
    """Runs the program to its end; see `fork`."""
    return ended(fork(*arguments, folder=folder, first=first, **variables))


def one_after_another(commands: Sequence[Sequence[str]], folder: Path) -> list[Ended]:
    """Runs calls of the program in order, until one fails (gaps are none); how each ended."""
    done: list[Ended] = []
    for arguments in commands:
        done.append(ended(fork(*arguments, folder=folder), timeout_s=1200))
        if done[-1].code not in {0, GAPS}:
            break
    return done
