"""The program ``edgeslim`` itself, in a process of its own, as a user starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        env={**os.environ, "PYTHONPATH": str(PROJECT), "COLUMNS": "100", **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], *, timeout_s: float = 240.0) -> Ended:
    """Waits for the program's end."""
    try:
        out, err = process.communicate(timeout=timeout_s)
    finally:
        process.kill()
    return Ended(process.returncode, out, err)


def edgeslim(*arguments: object, folder: Path, first: str = "", **variables: str) -> Ended:
    """Runs the program to its end; see `start`."""
    return ended(start(*arguments, folder=folder, first=first, **variables))
