"""A private adb server: the real program, on a port and with keys of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.tools import program

__all__ = ["adb_server"]


@contextlib.contextmanager
def adb_server(home: Path) -> Iterator[int]:
    """The port of a server that knows no device yet, until the context ends."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "HOME": str(home),
        "ANDROID_SDK_HOME": str(home),
        "ADB_MDNS": "0",
        "TMPDIR": str(home),
    }
    server = subprocess.Popen(
        [program("adb"), "-P", str(port), "nodaemon", "server"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await(port)
        yield port
    finally:
        server.kill()
        server.wait()


def _await(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:  # noqa: PERF203 - a loop over attempts
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
