"""Messages of bytes between the processes of one training, through sockets.

Paddle's own means are not enough for this. Its store takes 40 ms to answer, a collective of
gloo fails when one process is 30 s later than another, and one of NCCL waits for a process
that is dead. On a socket one can wait for hours, and notices at once that the other end is gone.
"""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress

from edgeslim.errors import ProcessLostError

__all__ = ["Connection", "Rendezvous", "connect"]

_LENGTH_BYTES = 8
_SECRET_BYTES = 16
_NUMBER_BYTES = 4
_CONNECTING_S = 120.0
"""Longest time until all processes are connected; Paddle's own rendezvous is over before."""

_IDLE_S, _EVERY_S, _TIMES = 60, 15, 4
"""Keep-alive settings: a machine that is gone is noticed after two minutes."""


class Connection:
    """A connection to one other process.

    Args:
        own: The connected socket of this end.
        name: Name of the process at the other end, for errors.
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
        """Sends a message; raises `ProcessLostError` if the other process is gone."""
        try:
            self._own.sendall(len(message).to_bytes(_LENGTH_BYTES, "big") + message)
        except OSError as error:
            raise self._lost_error() from error

    def receive(self) -> bytes:
        """Waits for the next message; raises `ProcessLostError` if the other process is gone."""
        try:
            length = int.from_bytes(_receive_exactly(self._own, _LENGTH_BYTES), "big")
            return _receive_exactly(self._own, length)
        except OSError as error:
            raise self._lost_error() from error

    def shut_down(self) -> None:
        """Ends sending from this side; the other end notices that."""
        with suppress(OSError):
            self._own.shutdown(socket.SHUT_WR)

    def wait_for_end(self, limit_s: float) -> None:
        """Waits until the other end has ended sending or is gone, at most so many seconds."""
        with suppress(OSError):
            self._own.settimeout(limit_s)
            while self._own.recv(1 << 16):
                pass

    def close(self) -> None:
        """Closes the connection."""
        self._own.close()

    def _lost_error(self) -> ProcessLostError:
        return ProcessLostError(
            f"{self._name} is gone; its log says why (workerlog.N in launch's --log_dir); run the "
            "same command again to continue"
        )


def _receive_exactly(own: socket.socket, count: int) -> bytes:
    content = bytearray()
    while len(content) < count:
        part = own.recv(min(count - len(content), 1 << 20))
        if not part:
            raise ConnectionResetError("the other end is gone")
        content += part
    return bytes(content)


class Rendezvous:
    """A server by which process 0 accepts the connections of the others.

    Args:
        host: Name or address of this machine as the other processes reach it.
    """

    def __init__(self, host: str) -> None:
        self._server = socket.create_server((host, 0))
        self._secret = secrets.token_bytes(_SECRET_BYTES)

    @property
    def address(self) -> str:
        """Host, port and secret; a process without the secret is not accepted."""
        host, port = self._server.getsockname()[:2]
        return f"{host} {port} {self._secret.hex()}"

    def accept_all(self, count: int) -> list[Connection]:
        """Accepts the connections of processes 1 to below ``count``; returns them in that order.

        Raises:
            OSError: A process did not connect in time.
        """
        found: dict[int, Connection] = {}
        self._server.settimeout(_CONNECTING_S)
        with self._server:
            while len(found) < count - 1:
                own, _ = self._server.accept()
                own.settimeout(_CONNECTING_S)
                try:
                    greeting = _receive_exactly(own, _SECRET_BYTES + _NUMBER_BYTES)
                except OSError:
                    own.close()
                    continue
                number = int.from_bytes(greeting[_SECRET_BYTES:], "big")
                if secrets.compare_digest(greeting[:_SECRET_BYTES], self._secret):
                    found[number] = Connection(own, f"process {number} of {count}")
                else:
                    own.close()
        return [found[number] for number in range(1, count)]


def connect(address: str, number: int, count: int) -> Connection:
    """Connects process ``number`` to process 0 at an `address`.

    Raises:
        OSError: Process 0 does not answer there.
    """
    host, port, secret = address.split()
    own = socket.create_connection((host, int(port)), timeout=_CONNECTING_S)
    own.sendall(bytes.fromhex(secret) + number.to_bytes(_NUMBER_BYTES, "big"))
    return Connection(own, f"process 0 of {count}")
