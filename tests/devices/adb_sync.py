"""The daemon's file service (AOSP, adb/SYNC.TXT): stat, send, receive."""

from __future__ import annotations

import stat
import struct
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.devices.adb_daemon import Faults, Stream

__all__ = ["run_sync"]

_HEADER = struct.Struct("<4sI")
_CHUNK = 64 * 1024


class _Reader:
    """A stream as a file."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._pending = bytearray()

    def take(self, size: int) -> bytes:
        while len(self._pending) < size:
            chunk = self._stream.read()
            if not chunk:
                raise BrokenPipeError
            self._pending += chunk
        taken = bytes(self._pending[:size])
        del self._pending[:size]
        return taken


def run_sync(faults: Faults, stream: Stream) -> None:
    """Serves requests until the other side quits."""
    reader = _Reader(stream)
    while True:
        command, size = _HEADER.unpack(reader.take(_HEADER.size))
        if command == b"QUIT":
            return
        name = reader.take(size).decode(errors="surrogateescape")
        if command == b"STAT":
            stream.write(b"STAT" + struct.pack("<III", *_facts(name)))
        elif command == b"RECV":
            _receive(stream, name)
        elif command == b"SEND":
            _send(faults, stream, reader, name)
        else:
            _fail(stream, f"unknown command {command!r}")
            return


def _facts(path: str) -> tuple[int, int, int]:
    try:
        found = Path(path).stat()
    except OSError:
        return 0, 0, 0
    return found.st_mode, found.st_size & 0xFFFFFFFF, int(found.st_mtime)


def _fail(stream: Stream, reason: str) -> None:
    stream.write(_HEADER.pack(b"FAIL", len(reason.encode())) + reason.encode())


def _receive(stream: Stream, path: str) -> None:
    try:
        with Path(path).open("rb") as file:
            while chunk := file.read(_CHUNK):
                stream.write(_HEADER.pack(b"DATA", len(chunk)) + chunk)
    except BrokenPipeError:
        raise
    except OSError as error:
        _fail(stream, f"open failed: {error.strerror}")
        return
    stream.write(_HEADER.pack(b"DONE", 0))


def _send(faults: Faults, stream: Stream, reader: _Reader, target: str) -> None:
    """Takes a file; what cannot be written is said when all of it came, as adbd does."""
    path, _, mode = target.rpartition(",")
    reason = ""
    try:
        file = Path(path).open("wb")  # noqa: SIM115 - closed below, whatever happens
    except OSError as error:
        file, reason = None, f"couldn't create file: {error.strerror}"
    try:
        while True:
            command, size = _HEADER.unpack(reader.take(_HEADER.size))
            if command == b"DONE":
                break
            chunk = reader.take(size)
            if faults.disk_bytes is not None:
                faults.disk_bytes -= len(chunk)
                if faults.disk_bytes < 0:
                    reason = reason or "write failed: No space left on device"
            if file is not None and not reason:
                file.write(chunk)
    finally:
        if file is not None:
            file.close()
    if reason:
        _fail(stream, reason)
        return
    Path(path).chmod(stat.S_IMODE(int(mode)))
    stream.write(_HEADER.pack(b"OKAY", 0))
