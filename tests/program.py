"""The program ``edgeslim`` itself, in a process of its own, as a user starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.tools import PROJECT

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

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


def full_after(size_bytes: int) -> str:
    """Python that makes every file end at a size, as on a disk that is full.

    Python itself does not notice that the byte code it caches is cut short, so it caches none.
    """
    return (
        "import resource, sys; sys.dont_write_bytecode = True; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size_bytes},) * 2)"
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


_FORKED = """
import json, os, sys
from edgeslim.cli.main import run
from edgeslim.cli.output import GAPS
from edgeslim.paddle_io.importing import load_paddle
load_paddle()
for number, arguments in enumerate(json.loads(sys.argv[1])):
    child = os.fork()
    if not child:
        for stream in (sys.stdout, sys.stderr):
            path = f"{sys.argv[2]}/{number}.{stream.name[4:-1]}"
            os.dup2(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY), stream.fileno())
        sys.argv = ["edgeslim", *arguments]
        run()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(code, flush=True)
    if code not in (0, GAPS):
        break
"""


def one_after_another(commands: Sequence[Sequence[str]], folder: Path) -> list[Ended]:
    """Runs calls of the program in order, until one fails (gaps are none); how each ended.

    Each is a process of its own, forked from one that has imported Paddle: for small commands
    the import would be most of the time.
    """
    said = folder / "said"
    said.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", _FORKED, json.dumps(commands), str(said)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "COLUMNS": "100", **ONE_THREAD},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [
        Ended(int(code), *((said / f"{number}.{name}").read_text() for name in ("out", "err")))
        for number, code in enumerate(done.stdout.splitlines())
    ]
