"""Messages between the processes of one training: bytes, each message whole.

Paddle's own ways are not enough for this. Its store takes 40 ms to answer, a collective of
gloo fails when one process is 30 s later than another, and one of NCCL waits for a process
that is dead. Over a socket one may wait for hours, and hears at once that the other end is gone.
"""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress

from edgeslim.errors import ProcessLostError

__all__ = ["Line", "Meeting", "join"]

_LENGTH_BYTES = 8
_SECRET_BYTES = 16
_NUMBER_BYTES = 4
_MEETING_S = 120.0
"""All processes have met by then: Paddle's own meeting is over before."""

_IDLE_S, _EVERY_S, _TIMES = 60, 15, 4
"""A machine that is gone is noticed after two minutes."""


class Line:
    """A line to one other process.

    Args:
        own: A connected socket.
        name: Of the process at the other end, for errors.
    """

    def __init__(self, own: socket.socket, name: str) -> None:
        own.settimeout(None)
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in (
            ("TCP_KEEPIDLE", _IDLE_S),
            ("TCP_KEEPINTVL", _EVERY_S),
            ("TCP_KEEPCNT", _TIMES),
        ):
            if hasattr(socket, option):  # they have other names elsewhere
                own.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
        self._own = own
        self._name = name

    def send(self, message: bytes) -> None:
        """Sends a message; raises `ProcessLostError` if nobody is there."""
        try:
            self._own.sendall(len(message).to_bytes(_LENGTH_BYTES, "big") + message)
        except OSError as error:
            raise self._lost() from error

    def receive(self) -> bytes:
        """The next message, waited for; raises `ProcessLostError` if nobody is there."""
        try:
            length = int.from_bytes(_exactly(self._own, _LENGTH_BYTES), "big")
            return _exactly(self._own, length)
        except OSError as error:
            raise self._lost() from error

    def last_word(self) -> None:
        """Nothing more will be sent from here; the other end notices that."""
        with suppress(OSError):
            self._own.shutdown(socket.SHUT_WR)

    def wait_for_end(self, limit_s: float) -> None:
        """Waits until the other end is gone or has said its last word, but not longer."""
        with suppress(OSError):
            self._own.settimeout(limit_s)
            while self._own.recv(1 << 16):
                pass

    def close(self) -> None:
        """Ends it."""
        self._own.close()

    def _lost(self) -> ProcessLostError:
        return ProcessLostError(
            f"{self._name} is gone; its log says why (workerlog.N in launch's --log_dir), and the "
            "same command goes on where it was"
        )


def _exactly(own: socket.socket, count: int) -> bytes:
    content = bytearray()
    while len(content) < count:
        part = own.recv(min(count - len(content), 1 << 20))
        if not part:
            raise ConnectionResetError("the other end is gone")
        content += part
    return bytes(content)


class Meeting:
    """Where process 0 meets the others.

    Args:
        host: What it is called on the way that the others come.
    """

    def __init__(self, host: str) -> None:
        self._server = socket.create_server((host, 0))
        self._secret = secrets.token_bytes(_SECRET_BYTES)

    @property
    def place(self) -> str:
        """What the others must know; whoever does not is not let in."""
        host, port = self._server.getsockname()[:2]
        return f"{host} {port} {self._secret.hex()}"

    def all_here(self, count: int) -> list[Line]:
        """Lines to processes 1 to below ``count``, in order.

        Raises:
            OSError: They do not come.
        """
        found: dict[int, Line] = {}
        self._server.settimeout(_MEETING_S)
        with self._server:
            while len(found) < count - 1:
                own, _ = self._server.accept()
                own.settimeout(_MEETING_S)
                try:
                    said = _exactly(own, _SECRET_BYTES + _NUMBER_BYTES)
                except OSError:
                    own.close()
                    continue
                number = int.from_bytes(said[_SECRET_BYTES:], "big")
                if secrets.compare_digest(said[:_SECRET_BYTES], self._secret):
                    found[number] = Line(own, f"process {number} of {count}")
                else:
                    own.close()
        return [found[number] for number in range(1, count)]


def join(place: str, number: int, count: int) -> Line:
    """The line from process ``number`` to process 0, which said where it is.

    Raises:
        OSError: It is not there.
    """
    host, port, secret = place.split()
    own = socket.create_connection((host, int(port)), timeout=_MEETING_S)
    own.sendall(bytes.fromhex(secret) + number.to_bytes(_NUMBER_BYTES, "big"))
    return Line(own, f"process 0 of {count}")
