"""Android devices, through the user's adb server.

adbutils talks to the server. Done here, on its connections, are the shell protocol (AOSP,
adb/shell_protocol.h) and the file protocol (adb/SYNC.TXT), since adbutils takes a lost link for the
end of the output, and its timeouts count only silence.
"""

from __future__ import annotations

import os
import secrets
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeslim import process
from edgeslim.device import Location
from edgeslim.errors import (
    BadFileError,
    DeviceFullError,
    DeviceNotFoundError,
    DeviceRefusedError,
    LinkLostError,
    ProgramNotFoundError,
)
from edgeslim.process import Deadline
from edgeslim.transports._channel import Channel, Part
from edgeslim.transports._remote import RemoteTransport, left_s
from edgeslim.transports._sending import Sending
from edgeslim.transports._supervisor import script

if TYPE_CHECKING:
    from edgeslim.transports._transport import Transport

__all__ = ["TRANSPORT", "AdbTransport", "Attached", "attached_phones"]

_FOLDER = "/data/local/tmp/edgeslim"
"""A folder from which programs can be run without root."""
_PORT = 5037
_ANSWER_S = 15.0
_CHUNK = 64 * 1024
_BLOCK = 16 * _CHUNK
_SHELL = struct.Struct("<BI")
_SYNC = struct.Struct("<4sI")
_OUTPUT, _ERRORS, _EXIT = 1, 2, 3
_LONGEST = 1 << 24

_MENDS = {
    "unauthorized": "accept the question about this computer's key on its screen",
    "authorizing": "accept the question about this computer's key on its screen",
    "offline": "plug it in again, or adb reconnect offline",
    "no permissions": "adb kill-server, and start the server as a user who may use USB devices",
    "recovery": "adb reboot",
    "sideload": "adb reboot",
    "bootloader": "fastboot reboot",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """A device that the adb server lists.

    Args:
        serial: Serial number or address of the device.
        state: State by adb; "device" if it can be used.
    """

    serial: str
    state: str


def attached_phones() -> list[Attached]:
    """All devices that the adb server knows, those that cannot be used too.

    Raises:
        DeviceNotFoundError: There is no server and none can be started.
    """
    with _translate_errors("the adb server"):
        return [Attached(serial=device.serial, state=device.state) for device in _server().list()]


def _server() -> Any:  # noqa: ANN401 - adbutils says nothing of its types
    """The user's adb server; one is started on this machine if there is none."""
    from adbutils import AdbClient

    host = os.environ.get("ANDROID_ADB_SERVER_HOST") or "127.0.0.1"
    text = os.environ.get("ANDROID_ADB_SERVER_PORT") or str(_PORT)
    if not (text.isdigit() and 0 < int(text) < 65536):
        raise DeviceNotFoundError(f"ANDROID_ADB_SERVER_PORT is {text!r}, which is no port")
    port = int(text)
    if not _answers(host, port):
        if host not in {"127.0.0.1", "localhost"}:
            raise DeviceNotFoundError(
                f"no adb server answers at {host}:{port}; start it there: adb -a start-server"
            )
        try:
            process.run(["adb", "-P", text, "start-server"], timeout_s=30)
        except ProgramNotFoundError:
            raise DeviceNotFoundError(
                "adb is not installed; apt install adb (or Android's platform-tools)"
            ) from None
        if not _answers(host, port):
            raise DeviceNotFoundError(f"no adb server starts on port {port}; adb start-server")
    return AdbClient(host, port, _ANSWER_S)


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError:
        return False
    return True


@contextmanager
def _translate_errors(place: str) -> Iterator[None]:
    """Raises errors of adbutils and sockets as a lost link."""
    from adbutils import AdbError

    try:
        yield
    except (AdbError, OSError, EOFError, struct.error) as error:
        raise LinkLostError(f"{place} is gone: {str(error) or type(error).__name__}") from error


class AdbTransport(RemoteTransport):
    """One device of the adb server."""

    def __init__(self, location: Location) -> None:
        super().__init__(location, _FOLDER)
        self._serial = location.serial or os.environ.get("ANDROID_SERIAL", "")
        self._server: Any = None
        self._packets = True

    @property
    def place(self) -> str:
        return f"{self._serial or 'the Android device'} over adb"

    def _open_link(self) -> None:
        server = _server()
        with _translate_errors("the adb server"):
            listed = {device.serial: device.state for device in server.list()}
            if self._serial and ":" in self._serial and listed.get(self._serial) != "device":
                with suppress(Exception):
                    if self._serial in listed:  # it is offline, and would stay so
                        server.disconnect(self._serial)
                    server.connect(self._serial, timeout=_ANSWER_S)
                listed = {device.serial: device.state for device in server.list()}
        self._serial = _choose_device(self._serial, listed)
        with _translate_errors(self.place):
            stream = _request(server, f"host-serial:{self._serial}:features".encode())
            with stream:
                features = _exactly(stream, int(_exactly(stream, 4), 16))
        self._packets = b"shell_v2" in features
        self._server = server

    def _close_link(self) -> None:
        self._server = None

    def _connection(self, service: bytes) -> socket.socket:
        """Opens a stream to a service of the device."""
        if self._server is None:
            raise LinkLostError(f"{self.place} is not connected")
        with _translate_errors(self.place):
            # The server answers twice: that it has the device, and that the device has the service.
            return _request(self._server, f"host:transport:{self._serial}".encode(), service)

    def _start(self, command: str) -> Channel:
        line = command.encode(errors="surrogateescape")
        if len(line) > 60_000:
            raise BadFileError(f"a command of {len(line)} bytes is too long for {self.place}")
        if self._packets:
            return _PacketChannel(self._connection(b"shell,v2,raw:" + line), self.place)
        return _PlainChannel(self._connection, command, self.place)

    def _send(self, source: Path, target: str, deadline: Deadline, sending: Sending) -> None:
        mode = 0o755 if os.access(source, os.X_OK) else 0o644
        header = f"{target},{0o100000 | mode}".encode(errors="surrogateescape")
        stream = self._connection(b"sync:")
        try:
            with _translate_errors(self.place), source.open("rb") as file:
                stream.sendall(_SYNC.pack(b"SEND", len(header)) + header)
                # The protocol's pieces are small; many are sent at once.
                while block := file.read(_BLOCK):
                    stream.settimeout(left_s(deadline, self.place))
                    pieces = (block[at : at + _CHUNK] for at in range(0, len(block), _CHUNK))
                    stream.sendall(
                        b"".join(_SYNC.pack(b"DATA", len(piece)) + piece for piece in pieces)
                    )
                    sending.advance(len(block))
                stream.sendall(_SYNC.pack(b"DONE", int(time.time())))
                stream.settimeout(left_s(deadline, self.place))
                answer, size = _SYNC.unpack(_exactly(stream, _SYNC.size))
                reason = _exactly(stream, size).decode(errors="replace") if size else ""
        finally:
            stream.close()
        if answer != b"OKAY":
            raise DeviceFullError(f"{target} on {self.place} cannot be written: {reason}")

    def _fetch(self, source: str, deadline: Deadline) -> Iterator[bytes]:
        name = source.encode(errors="surrogateescape")
        stream = self._connection(b"sync:")
        try:
            with _translate_errors(self.place):
                stream.sendall(_SYNC.pack(b"RECV", len(name)) + name)
                while True:
                    stream.settimeout(left_s(deadline, self.place))
                    answer, size = _SYNC.unpack(_exactly(stream, _SYNC.size))
                    if answer == b"DONE":
                        return
                    if size > _LONGEST:
                        raise LinkLostError(f"{self.place} answers nonsense")
                    data = _exactly(stream, size)
                    if answer != b"DATA":
                        break
                    deadline.note_output()
                    yield data
        finally:
            stream.close()
        reason = data.decode(errors="replace")
        raise BadFileError(f"{source} on {self.place} cannot be read: {reason}")


def _choose_device(serial: str, listed: dict[str, str]) -> str:
    """Serial number of the device to use, out of all listed ones.

    Raises:
        DeviceNotFoundError: It is not listed, or none is named and there are several.
        DeviceRefusedError: It cannot be used as it is.
    """
    if serial and serial not in listed:
        others = f"; attached are {', '.join(listed)}: --serial" if listed else ""
        connect = f", or adb connect {serial}" if ":" in serial else ""
        raise DeviceNotFoundError(
            f"no device {serial!r} is attached{others or '; plug it in with USB debugging on'}"
            f"{connect}"
        )
    if not listed:
        raise DeviceNotFoundError(
            "no Android device is attached; plug one in with USB debugging on, or adb connect "
            "ADDRESS, and see adb devices"
        )
    if not serial and len(listed) > 1:
        raise DeviceNotFoundError(
            f"{len(listed)} Android devices are attached; say which: --serial {' or '.join(listed)}"
        )
    found = serial or next(iter(listed))
    state = listed[found]
    if state != "device":
        mend = next(
            (mend for name, mend in _MENDS.items() if state.startswith(name)), "see adb devices"
        )
        # An offline device comes back by itself, or not at all; other states wait for the user.
        kind = DeviceNotFoundError if state == "offline" else DeviceRefusedError
        raise kind(f"{found} is attached and {state}; {mend}")
    return found


class _PacketChannel:
    """The shell protocol: packets of output, errors and exit status."""

    def __init__(self, stream: socket.socket, place: str) -> None:
        self._stream = stream
        self._place = place
        self._pending = bytearray()

    def receive(self, timeout_s: float) -> Iterable[tuple[Part, bytes]]:
        self._pending += _receive(self._stream, timeout_s, self._place)
        yield from self._packets()

    def _packets(self) -> Iterator[tuple[Part, bytes]]:
        while len(self._pending) >= _SHELL.size:
            kind, size = _SHELL.unpack_from(self._pending)
            if size > _LONGEST or kind > 5:
                raise LinkLostError(f"{self._place} answers nonsense")
            if len(self._pending) < _SHELL.size + size:
                return
            data = bytes(self._pending[_SHELL.size : _SHELL.size + size])
            del self._pending[: _SHELL.size + size]
            if kind in {_OUTPUT, _ERRORS, _EXIT}:
                yield Part(kind), data

    def close(self) -> None:
        self._stream.close()


def _receive(stream: socket.socket, timeout_s: float, place: str) -> bytes:
    """Receives a command's data within a time, or nothing; its end is a message of its own.

    Raises:
        LinkLostError: The connection ended before that.
    """
    stream.settimeout(timeout_s)
    with _translate_errors(f"the link broke off while a command ran: {place}"):
        try:
            chunk = stream.recv(_CHUNK)
        except TimeoutError:
            return b""
        if not chunk:
            raise EOFError("it closed the connection")
        return chunk


_PLAIN = """
mark=$1; shift
"$@" 2>&1
printf '%s %d\\n' "$mark" "$?"
cat >/dev/null
"""


class _PlainChannel:
    """The shell of old devices: one stream, and its end may be anything.

    Errors come with the output. The exit status follows a mark that no program prints by
    accident; without it the output was cut off.
    """

    def __init__(self, connect: Callable[[bytes], socket.socket], command: str, place: str) -> None:
        self._mark = f"edgeslim-{secrets.token_hex(8)}"
        line = script(_PLAIN, self._mark, "sh", "-c", command)
        self._stream: socket.socket = connect(b"shell:" + line.encode(errors="surrogateescape"))
        self._place = place
        self._pending = b""

    def receive(self, timeout_s: float) -> Iterable[tuple[Part, bytes]]:
        chunk = _receive(self._stream, timeout_s, self._place)
        if not chunk:
            return
        self._pending += chunk
        mark = self._mark.encode() + b" "
        output, found, rest = self._pending.partition(mark)
        if found and b"\n" in rest:
            self._pending = b""
            yield Part.OUTPUT, output
            yield Part.STATUS, int(rest.partition(b"\n")[0]).to_bytes(4, "little")
        elif not found:
            # What may be the start of the mark is kept until its rest arrives.
            held = [size for size in range(1, len(mark)) if self._pending.endswith(mark[:size])]
            ready = len(self._pending) - max(held, default=0)
            yield Part.OUTPUT, self._pending[:ready]
            self._pending = self._pending[ready:]

    def close(self) -> None:
        self._stream.close()


def _request(server: Any, *requests: bytes) -> socket.socket:  # noqa: ANN401 - adbutils
    """Opens a connection to the server on which all requests are granted."""
    stream: socket.socket = server.make_connection().conn
    try:
        stream.settimeout(_ANSWER_S)
        for request in requests:
            stream.sendall(f"{len(request):04x}".encode() + request)
            _check_okay(stream)
    except BaseException:
        stream.close()
        raise
    return stream


def _check_okay(stream: socket.socket) -> None:
    answer = _exactly(stream, 4)
    if answer != b"OKAY":
        size = int(_exactly(stream, 4), 16) if answer == b"FAIL" else 0
        raise EOFError(_exactly(stream, size).decode(errors="replace") or "no answer")


def _exactly(stream: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        chunk = stream.recv(size - len(parts))
        if not chunk:
            raise EOFError("it closed the connection")
        parts += chunk
    return bytes(parts)


TRANSPORT = AdbTransport

if TYPE_CHECKING:
    _: Transport = AdbTransport(Location())
