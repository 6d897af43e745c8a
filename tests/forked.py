"""A process that has all of edgeslim and Paddle loaded, and forks for each call of the program."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.tools import PROJECT

__all__ = ["Forked"]

_DIGITS = 7
"""Of the number of a process."""

# Between it and the program is a process that waits for the program and says how it ended.
_LOADED = """
import atexit, functools, gc, importlib, json, os, pkgutil, signal, socket, sys, threading
import edgeslim, typer.main
from edgeslim.cli.main import run
from edgeslim.paddle_io.importing import load_paddle
load_paddle()
import adbutils, jinja2, optuna, paramiko, scipy.optimize, scipy.stats, sqlalchemy, tabulate
import visualdl
importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
for module in pkgutil.walk_packages(edgeslim.__path__, "edgeslim."):
    if not module.name.endswith(("__main__", "lite.worker")):
        importlib.import_module(module.name)
# What the commands take is the same in every call.
typer.main.get_command = functools.cache(typer.main.get_command)
commands = sys.modules["edgeslim.cli.commands"]
typer.main.get_command(commands.app)
for name in commands.COMMANDS:
    commands.load_command(name)
# What is loaded when the first command line is read is loaded by reading one.
from tests.typed import parsed
parsed(["predict", "net", "--table", "table.jsonl"])
gc.freeze()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
asking = socket.socket(fileno=0)
while True:
    content, ends, _, _ = socket.recv_fds(asking, 1 << 20, 3)
    if not content:
        break
    if os.fork():
        for end in ends:
            os.close(end)
        continue
    asking.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child:
        for end in ends[:2]:
            os.close(end)
        os.write(ends[2], b"%7d" % child)
        os.write(ends[2], b"%d" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        os._exit(0)
    for number, end in enumerate((os.open(os.devnull, os.O_RDONLY), *ends[:2])):
        os.dup2(end, number)
        if end > 2:
            os.close(end)
    os.close(ends[2])
    folder, first, environment, arguments = json.loads(content)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["edgeslim", *arguments]
    exec(first, globals())
    try:
        run()
    except SystemExit as ending:
        if not ending.code:
            raise
        # What Python does at its end, but for freeing all that was loaded object by object, which
        # takes longer than a call that is refused. Calls that end well end as they always do.
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ending.code)
"""


class Forked:
    """A call of the program, in a process that was forked.

    Args:
        arguments: Of the program.
        folder: Where it works.
        first: Python that runs in its process before.
        environment: All of its variables; the number of threads is fixed already.
    """

    def __init__(
        self, arguments: Sequence[str], folder: Path, first: str, environment: Mapping[str, str]
    ) -> None:
        asked = json.dumps([str(folder), first, dict(environment), list(arguments)])
        pipes = [os.pipe() for _ in range(3)]
        try:
            socket.send_fds(_loaded(), [asked.encode()], [theirs for _, theirs in pipes])
        finally:
            for _, theirs in pipes:
                os.close(theirs)
        self._out, self._errors, self._said = (os.fdopen(ours, "rb", 0) for ours, _ in pipes)
        self.pid = int(self._said.read(_DIGITS))

    def send_signal(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        os.kill(self.pid, number)

    def end(self, timeout_s: float) -> tuple[int, str, str]:
        """Waits until it has ended; its exit code, and what it wrote on both outputs.

        Raises:
            subprocess.TimeoutExpired: It has not ended in time, and is killed.
        """
        streams = (self._out, self._errors, self._said)
        found = dict.fromkeys(streams, b"")
        left = set(streams)
        deadline = time.monotonic() + timeout_s
        with self._out, self._errors, self._said:
            while left:
                ready, _, _ = select.select(left, [], [], max(0.0, deadline - time.monotonic()))
                if not ready:
                    self.send_signal(signal.SIGKILL)
                    raise subprocess.TimeoutExpired(
                        "edgeslim", timeout_s, found[self._out], found[self._errors]
                    )
                for stream in ready:
                    content = stream.read(1 << 16)
                    found[stream] += content
                    if not content:
                        left.remove(stream)
        out, errors, code = (found[stream] for stream in streams)
        return int(code), out.decode(), errors.decode()


@cache
def _loaded() -> socket.socket:
    """Where calls are asked for; the process that answers ends with this one."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        process = subprocess.Popen(
            [sys.executable, "-c", _LOADED],
            stdin=its.fileno(),
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours
