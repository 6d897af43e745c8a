"""The wire protocol between the adb server and a device's daemon (AOSP, adb/protocol.txt)."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

__all__ = ["MAX_DATA", "VERSION", "Message", "read_exactly", "read_message", "write_message"]

VERSION = 0x01000001
"""From this version on nobody computes the sum of a message's bytes."""
MAX_DATA = 1024 * 1024

_HEADER = struct.Struct("<4sIIIII")


@dataclass(frozen=True, slots=True)
class Message:
    """One message: a command of four letters, two numbers and some bytes."""

    command: bytes
    first: int
    second: int
    data: bytes = b""


def read_message(connection: socket.socket) -> Message:
    """The next message.

    Raises:
        EOFError: The other side is gone.
    """
    command, first, second, size, _, _ = _HEADER.unpack(read_exactly(connection, _HEADER.size))
    return Message(command, first, second, read_exactly(connection, size))


def write_message(connection: socket.socket, message: Message) -> None:
    """Sends a message."""
    magic = struct.unpack("<I", message.command)[0] ^ 0xFFFFFFFF
    header = _HEADER.pack(
        message.command, message.first, message.second, len(message.data), 0, magic
    )
    connection.sendall(header + message.data)


def read_exactly(connection: socket.socket, size: int) -> bytes:
    """So many bytes."""
    parts = bytearray()
    while len(parts) < size:
        chunk = connection.recv(min(size - len(parts), 1 << 20))
        if not chunk:
            raise EOFError
        parts += chunk
    return bytes(parts)
