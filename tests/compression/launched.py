"""Commands begun as several processes: by launch itself, or with the environment that it sets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.forked import Forked
from tests.program import Ended, ended, fork, start
from tests.tools import PROJECT

COUNT = 2


def launch(folder: Path, *arguments: object) -> subprocess.Popen[str]:
    """Begins a command in a folder by ``paddle.distributed.launch``, as a user does."""
    python = Path(sys.executable).parent
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "paddle.distributed.launch"),
            *("--nproc_per_node", str(COUNT), "--log_level", "ERROR", "--log_dir", "log"),
            *("python", "-m", "edgeslim", *map(str, arguments)),
        ],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "PATH": f"{python}:{os.environ['PATH']}",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def each(folder: Path, *arguments: object) -> list[Ended]:
    """Runs a command as several processes without launch, and gives how each of them ended."""
    processes = [start(*arguments, folder=folder, **own) for own in _environments()]
    return [ended(process) for process in processes]


def forked(folder: Path, *arguments: object, first: str = "") -> list[Forked]:
    """Begins a command as several processes that are forked, to be killed or to fail.

    One that ends well is aborted at its very end, unlike a process that was started.
    """
    return [fork(*arguments, folder=folder, first=first, **own) for own in _environments()]


def _environments() -> list[dict[str, str]]:
    """What launch tells each process."""
    with ExitStack() as stack:
        ports = [_free_port(stack) for _ in range(COUNT + 1)]
    ends = [f"127.0.0.1:{port}" for port in ports]
    return [
        {
            "PADDLE_MASTER": ends[COUNT],
            "PADDLE_TRAINERS_NUM": str(COUNT),
            "PADDLE_TRAINER_ID": str(number),
            "PADDLE_TRAINER_ENDPOINTS": ",".join(ends[:COUNT]),
            "PADDLE_CURRENT_ENDPOINT": ends[number],
        }
        for number in range(COUNT)
    ]


def _free_port(stack: ExitStack) -> int:
    own = stack.enter_context(socket.socket())
    own.bind(("127.0.0.1", 0))
    port: int = own.getsockname()[1]
    return port
