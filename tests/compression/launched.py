"""Commands begun as several processes: by launch itself, or with the environment that it sets."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.program import Ended, ended, start
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


def kill_all(launcher: subprocess.Popen[str]) -> int:
    """Kills launch and all that it has begun; how many processes that were."""
    children = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split()
    for process in (launcher.pid, *map(int, children)):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    launcher.communicate()
    return 1 + len(children)


def each(folder: Path, *arguments: object, first: str = "") -> list[Ended]:
    """Runs a command as several processes without launch, and gives how each of them ended."""
    with ExitStack() as stack:
        ports = [_free_port(stack) for _ in range(COUNT + 1)]
    ends = [f"127.0.0.1:{port}" for port in ports]
    processes = [
        start(
            *arguments,
            folder=folder,
            first=first,
            PADDLE_MASTER=ends[COUNT],
            PADDLE_TRAINERS_NUM=str(COUNT),
            PADDLE_TRAINER_ID=str(number),
            PADDLE_TRAINER_ENDPOINTS=",".join(ends[:COUNT]),
            PADDLE_CURRENT_ENDPOINT=ends[number],
        )
        for number in range(COUNT)
    ]
    return [ended(process) for process in processes]


def _free_port(stack: ExitStack) -> int:
    own = stack.enter_context(socket.socket())
    own.bind(("127.0.0.1", 0))
    port: int = own.getsockname()[1]
    return port
