"""The daemon's shell: with packets and exit status (v2), or with one stream and no more (v1)."""

from __future__ import annotations

import contextlib
import struct
import subprocess
import threading
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from tests.devices.adb_daemon import AdbDaemon, Stream

__all__ = ["run_shell"]

_STDIN, _STDOUT, _STDERR, _EXIT, _CLOSE_STDIN = range(5)
_HEADER = struct.Struct("<BI")


def run_shell(daemon: AdbDaemon, stream: Stream, command: str, *, packets: bool) -> None:
    """Runs a command to its end, or until its stream is closed; it then has no pipes any more."""
    child = daemon.start(command)
    feeding = threading.Thread(target=_feed, args=(stream, child, packets), daemon=True)
    feeding.start()
    outputs = [(_STDOUT, child.stdout), (_STDERR, child.stderr)]
    pumps = [
        threading.Thread(target=_pump, args=(daemon, stream, number, pipe, packets), daemon=True)
        for number, pipe in outputs
    ]
    for pump in pumps:
        pump.start()
    for pump in pumps:
        pump.join()
    status = child.wait()
    if packets:
        code = 128 - status if status < 0 else status
        stream.write(_HEADER.pack(_EXIT, 1) + bytes([code]))


def _pump(
    daemon: AdbDaemon, stream: Stream, number: int, pipe: IO[bytes] | None, packets: bool
) -> None:
    assert pipe is not None
    with contextlib.suppress(OSError, Exception), pipe:
        while chunk := pipe.read(32 * 1024):
            if daemon.faults.garble is not None and number == _STDOUT:
                chunk = daemon.faults.garble(chunk)
            stream.write(_HEADER.pack(number, len(chunk)) + chunk if packets else chunk)


def _feed(stream: Stream, child: subprocess.Popen[bytes], packets: bool) -> None:
    """Hands on what comes for the command's standard input; its end ends all pipes."""
    assert child.stdin is not None
    pending = b""
    while chunk := stream.read():
        pending += chunk
        if not packets:
            with contextlib.suppress(OSError):
                child.stdin.write(pending)
            pending = b""
        while packets and len(pending) >= _HEADER.size:
            kind, size = _HEADER.unpack_from(pending)
            if len(pending) < _HEADER.size + size:
                break
            data, pending = pending[_HEADER.size :][:size], pending[_HEADER.size + size :]
            if kind == _STDIN:
                with contextlib.suppress(OSError):
                    child.stdin.write(data)
            elif kind == _CLOSE_STDIN:
                child.stdin.close()
    with contextlib.suppress(OSError):
        child.stdin.close()
