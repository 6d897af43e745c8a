"""A private adb server: the real program, on a port and with keys of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.devices.ports import await_server, free_port
from tests.tools import program

__all__ = ["adb_server"]


@contextlib.contextmanager
def adb_server(home: Path) -> Iterator[int]:
    """The port of a server that knows no device yet, until the context ends."""
    port = free_port()
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
        await_server(port)
        yield port
    finally:
        server.kill()
        server.wait()
