"""A command of an ssh server, and what can go wrong on the way to it."""

from __future__ import annotations

import select
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edgeslim.errors import LinkLostError
from edgeslim.transports._channel import Part

if TYPE_CHECKING:
    import paramiko

__all__ = ["CHUNK", "SshChannel", "translate_errors"]

CHUNK = 64 * 1024
"""Bytes that are read at once."""

_REST_S = 1.0
"""How long a command that has ended may send nothing before its output counts as whole."""


@contextmanager
def translate_errors(place: str) -> Iterator[None]:
    """Raises errors of paramiko and sockets as a lost link."""
    from paramiko import SSHException

    try:
        yield
    except (SSHException, OSError, EOFError) as error:
        raise LinkLostError(f"{place} is gone: {str(error) or type(error).__name__}") from error


class SshChannel:
    """A command of the ssh server.

    A server says how a command ended as soon as it did, while the last of its output may still be
    in a pipe there. So the status counts once the output has ended too. What a command leaves
    running may keep its output open: then it has ended after a second without any.

    Args:
        channel: Channel in which the command was started.
        place: Name of the device, for errors.
    """

    def __init__(self, channel: paramiko.Channel, place: str) -> None:
        self._channel = channel
        self._place = place
        self._descriptor = channel.fileno()
        self._silent_since: float | None = None

    def receive(self, timeout_s: float) -> Iterable[tuple[Part, bytes]]:
        with translate_errors(self._place):
            return list(self._read_available(timeout_s))

    def _read_available(self, timeout_s: float) -> Iterator[tuple[Part, bytes]]:
        channel = self._channel
        if channel.eof_received and not self._is_ready():
            # The output has ended; the descriptor would report that again and again.
            channel.status_event.wait(timeout_s)
        elif not self._is_ready():
            wait_s = min(timeout_s, _REST_S) if channel.exit_status_ready() else timeout_s
            select.select([self._descriptor], [], [], wait_s)
        if channel.recv_ready():
            yield Part.OUTPUT, channel.recv(CHUNK)
        if channel.recv_stderr_ready():
            yield Part.ERRORS, channel.recv_stderr(CHUNK)
        if channel.exit_status_ready() and not self._is_ready() and self._is_whole():
            status = channel.recv_exit_status()
            if status < 0:
                raise LinkLostError(f"the link broke off while a command ran on {self._place}")
            yield Part.STATUS, status.to_bytes(4, "little")

    def _is_ready(self) -> bool:
        """Whether something was received that was not read yet."""
        ready = self._channel.recv_ready() or self._channel.recv_stderr_ready()
        if ready:
            self._silent_since = None
        return ready

    def _is_whole(self) -> bool:
        """Whether a command that has ended has no more output."""
        if self._channel.eof_received or self._channel.closed:
            return not self._is_ready()  # it may have come with the end
        now = time.monotonic()
        if self._silent_since is None:
            self._silent_since = now
        return now - self._silent_since >= _REST_S

    def close(self) -> None:
        self._channel.close()
