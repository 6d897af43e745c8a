"""Devices with an ssh server: boards, jailbroken phones.

paramiko implements the protocol. Deadlines and lost links are handled here, since paramiko gives
exit status -1 for a lost link, and its timeouts count only silence. Unknown host keys are always
refused.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.device import Location
from edgeslim.errors import BadFileError, DeviceFullError, LinkLostError
from edgeslim.process import Deadline
from edgeslim.transports._channel import Channel
from edgeslim.transports._remote import RemoteTransport, left_s
from edgeslim.transports._sending import Sending
from edgeslim.transports._ssh_channel import CHUNK, SshChannel, translate_errors
from edgeslim.transports._ssh_login import Login, connect_client, login
from edgeslim.transports._supervisor import script

if TYPE_CHECKING:
    import paramiko

    from edgeslim.transports._transport import Transport

__all__ = ["TRANSPORT", "SshTransport"]

_FOLDER = "~/.cache/edgeslim"
"""A folder from which programs can be run; a board's /tmp is often in memory, or mounted noexec."""
_KEEP_ALIVE_S = 5
_OPEN_S = 15.0


class SshTransport(RemoteTransport):
    """A device with an ssh server."""

    def __init__(self, location: Location) -> None:
        super().__init__(location, _FOLDER)
        self._login: Login | None = None
        self._client: paramiko.SSHClient | None = None
        self._files: paramiko.SFTPClient | None = None
        self._has_files = True

    @property
    def place(self) -> str:
        return f"{self._login or self._location.host or 'the device'} over ssh"

    def _open_link(self) -> None:
        self._login = login(self._location)
        self._client = connect_client(self._login)
        transport = self._client.get_transport()
        if transport is None:
            raise LinkLostError(f"{self.place} is gone")
        transport.set_keepalive(_KEEP_ALIVE_S)
        if isinstance(transport.sock, socket.socket):
            # A command is a handful of small messages that wait for each other.
            transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _close_link(self) -> None:
        transport = None if self._client is None else self._client.get_transport()
        for opened in (self._files, self._client):
            if opened is not None:
                with suppress(Exception):
                    opened.close()
        self._files = self._client = None
        # Paramiko asks a ProxyCommand to end, and does not wait for it.
        proxy = getattr(getattr(transport, "sock", None), "process", None)
        if transport is not None and proxy is not None:
            proxy.kill()
            transport.join(_OPEN_S)  # its thread still reads
            with proxy:  # closes its pipes and waits
                pass

    def _sftp(self) -> paramiko.SFTPClient | None:
        """The server's file service; boards with dropbear often have none."""
        from paramiko import SSHException

        if self._files is None and self._has_files and self._client is not None:
            try:
                self._files = self._client.open_sftp()
            except SSHException:
                transport = self._client.get_transport()
                if transport is None or not transport.is_active():
                    raise LinkLostError(f"{self.place} is gone") from None
                self._has_files = False
        return self._files

    def _send(self, source: Path, target: str, deadline: Deadline, sending: Sending) -> None:
        with translate_errors(self.place):
            files = self._sftp()
        if files is None:
            self._send_by_shell(source, target, deadline, sending)
            return
        try:
            with source.open("rb") as file, files.open(target, "wb") as there:
                there.set_pipelined(True)
                while chunk := file.read(CHUNK):
                    there.settimeout(left_s(deadline, self.place))
                    there.write(chunk)
                    sending.advance(len(chunk))
            files.chmod(target, _mode(source))
        except (OSError, EOFError) as error:
            self._explain(target, error)

    def _explain(self, target: str, error: Exception) -> None:
        """Raises the error of a file or of a lost link, for which paramiko raises the same."""
        transport = None if self._client is None else self._client.get_transport()
        gone = transport is None or not transport.is_active()
        if gone or isinstance(error, EOFError | TimeoutError):
            self._close_link()
            raise LinkLostError(f"{self.place} is gone: {error}") from error
        raise DeviceFullError(f"{target} on {self.place} cannot be written: {error}") from error

    def _send_by_shell(
        self, source: Path, target: str, deadline: Deadline, sending: Sending
    ) -> None:
        """Sends a file through a program's standard input, for servers without a file service."""
        write = 'cat >"$1" && chmod "$2" "$1"'
        channel = self._open_channel(script(write, target, f"{_mode(source):o}"))
        with translate_errors(self.place):
            try:
                with source.open("rb") as file:
                    while chunk := file.read(CHUNK):
                        channel.settimeout(left_s(deadline, self.place))
                        channel.sendall(chunk)
                        sending.advance(len(chunk))
                channel.shutdown_write()
            except OSError:
                if not channel.exit_status_ready():
                    raise
            status, reason = _rest(channel, deadline, self.place)
        if status != 0:
            raise DeviceFullError(f"{target} on {self.place} cannot be written: {reason}")

    def _fetch(self, source: str, deadline: Deadline) -> Iterator[bytes]:
        channel = self._open_channel(script('cat "$1"', source))
        with translate_errors(self.place):
            while True:
                channel.settimeout(left_s(deadline, self.place))
                chunk = channel.recv(CHUNK)
                if not chunk:
                    break
                deadline.note_output()
                yield chunk
            status, reason = _rest(channel, deadline, self.place)
        if status != 0:
            raise BadFileError(f"{source} on {self.place} cannot be read: {reason}")

    def _open_channel(self, command: str) -> paramiko.Channel:
        with translate_errors(self.place):
            transport = None if self._client is None else self._client.get_transport()
            if transport is None or not transport.is_active():
                raise EOFError("it is not connected")
            channel = transport.open_session(timeout=_OPEN_S)
            channel.settimeout(_OPEN_S)
            channel.exec_command(command.encode(errors="surrogateescape"))
            return channel

    def _start(self, command: str) -> Channel:
        return SshChannel(self._open_channel(command), self.place)


def _rest(channel: paramiko.Channel, deadline: Deadline, place: str) -> tuple[int, str]:
    """Exit status and error output of a command whose output has been read."""
    errors = bytearray()
    channel.settimeout(left_s(deadline, place))
    while chunk := channel.recv_stderr(CHUNK):
        errors += chunk
    if not channel.status_event.wait(left_s(deadline, place)):
        raise EOFError("it does not answer any more")
    status = channel.recv_exit_status()
    channel.close()
    if status < 0:
        raise EOFError("the link broke off")
    return status, errors.decode(errors="replace").strip()


def _mode(source: Path) -> int:
    return 0o755 if os.access(source, os.X_OK) else 0o644


TRANSPORT = SshTransport

if TYPE_CHECKING:
    _: Transport = SshTransport(Location())
