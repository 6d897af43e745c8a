"""The base of transports to other machines: supervised runs, folders, kept files, cleaning up.

A subclass knows one protocol: how to connect a device, start a shell command, send and fetch a
file. Everything else is here, so that a lost link, a deadline or a leftover is treated in one way.

A lost link is a `LinkLostError`, whatever the library makes of it: adbutils takes it for the end
of the output, paramiko for exit status -1. What a killed process left on a device is ended and
removed by the next that connects; owners are named after machine and process. Programs and
libraries are kept on the device under their checksum and travel once.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from edgeslim.device import Location
from edgeslim.errors import (
    BadFileError,
    DeviceFullError,
    DeviceNotFoundError,
    EdgeslimError,
    LinkError,
    LinkLostError,
    ProgramNotFoundError,
    ProgramTimedOutError,
)
from edgeslim.files import write_bytes
from edgeslim.process import Capture, CompletedProgram, Deadline, last_lines, shorten_command
from edgeslim.transports._channel import Channel, Part
from edgeslim.transports._sending import Sending
from edgeslim.transports._supervisor import NOT_FOUND, quote, script, supervise

__all__ = ["RemoteTransport", "left_s"]

_LOOK_S = 0.5
_SWEEPS, _PAUSE_S = 3, 0.3
_CHECKED_BYTES = 1 << 20
"""Size from which on a file's checksum is verified on the device after it was sent."""
_LARGEST_BYTES = 1 << 30
_SILENCE_S = 30.0
_BYTES_PER_S = 200_000
"""Slowest link that is still used: a slower one counts as lost."""

_ENTER = """
LC_ALL=C; export LC_ALL
umask 077
base=$1
case $base in "~"/*) base=$HOME/${base#"~"/};; esac
mkdir -p "$base/work" "$base/kept" "$base/running" || exit 1
cd "$base" && pwd && ls running work
"""
_MENDS = {
    "No space left": "make room there",
    "Permission denied": "log in as who may write there",
    "Read-only file system": "mount it so that it can be written",
}
_END = """
cd "$1" || exit 1
shift
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
for owner; do
  for note in running/"$owner"-*; do
    [ -f "$note" ] || continue
    read -r group then <"$note"
    [ "$then" = "$boot" ] && kill -9 -"$group" 2>/dev/null
    rm -f "$note"
  done
done
"""
_SWEEP = (
    _END
    + """
for owner; do rm -rf work/"$owner"-* kept/*/.*."$owner"; done
"""
)
_CHECKSUM = """
[ -f "$1" ] || exit 1
if command -v sha256sum >/dev/null 2>&1; then echo "sha256 $(sha256sum <"$1")"
elif command -v md5sum >/dev/null 2>&1; then echo "md5 $(md5sum <"$1")"
else echo "size $(wc -c <"$1")"; fi
"""
"""Prints a checksum by the best program that a device has."""


class RemoteTransport(ABC):
    """A device at the other end of a link.

    Args:
        location: Address of the device, from its profile.
        default_folder: Our folder on it, if the location names none; ``~/`` is the home.
    """

    def __init__(self, location: Location, default_folder: str) -> None:
        self._location = location
        self._wanted_folder = location.folder or default_folder
        self._base: PurePosixPath | None = None
        self._owner = f"{_this_machine()}.{os.getpid()}.{secrets.token_hex(4)}"
        self._count = 0
        self._kept: dict[tuple[Path, int, int], PurePosixPath] = {}

    @property
    @abstractmethod
    def place(self) -> str:
        """Name of the device and the link, for people."""

    @abstractmethod
    def _open_link(self) -> None:
        """Opens the link."""

    @abstractmethod
    def _close_link(self) -> None:
        """Closes the link, if it is open."""

    @abstractmethod
    def _start(self, command: str) -> Channel:
        """Starts a shell command on the device."""

    @abstractmethod
    def _send(self, source: Path, target: str, deadline: Deadline, sending: Sending) -> None:
        """Sends a file, and reports the progress."""

    @abstractmethod
    def _fetch(self, source: str, deadline: Deadline) -> Iterator[bytes]:
        """Fetches a file in pieces; the protocol proves its end.

        Raises:
            BadFileError: It is not there.
        """

    def connect(self) -> None:
        self._close_link()
        self._open_link()
        self._kept.clear()
        entered = self._run_shell(script(_ENTER, self._wanted_folder))
        lines = entered.output.decode(errors="surrogateescape").splitlines()
        if entered.status != 0 or not lines:
            tail = last_lines(entered.errors)
            raise DeviceFullError(
                f"{self._wanted_folder} on {self.place} cannot be written{tail}; "
                f"{_mend(tail)}name another folder in the device's profile: [location] folder = ..."
            )
        first_time = self._base is None
        self._base = PurePosixPath(lines[0])
        owners = {name.rpartition("-")[0] for name in lines[1:] if "-" in name}
        dead = sorted(owner for owner in owners if _is_dead(owner))
        if first_time and dead:
            self._run_shell(script(_SWEEP, str(self._base), *dead))
        elif not first_time:
            self._run_shell(script(_END, str(self._base), self._owner))

    def close(self) -> None:
        if self._base is not None:
            self._sweep(str(self._base))
        self._close_link()

    def _sweep(self, base: str) -> None:
        """Removes our files and programs, also over a link that was just lost."""
        for attempt in range(_SWEEPS):
            try:
                if attempt:
                    time.sleep(_PAUSE_S)
                    self.connect()
                self._run_shell(script(_SWEEP, base, self._owner))
            except EdgeslimError:  # noqa: PERF203 - a loop over attempts
                continue  # after the last attempt, the next run on this device does it
            else:
                return

    @contextmanager
    def folder(self) -> Iterator[PurePosixPath]:
        path = self.base / "work" / f"{self._owner}-{secrets.token_hex(4)}"
        made = self._run_shell(quote(["mkdir", str(path)]))
        if made.status != 0:
            raise DeviceFullError(f"{path} cannot be made{last_lines(made.errors)}")
        try:
            yield path
        finally:
            with suppress(LinkError, ProgramTimedOutError):
                self._run_shell(quote(["rm", "-rf", str(path)]))

    def keep(self, source: Path) -> PurePosixPath:
        try:
            found = source.stat()
        except OSError as error:
            raise BadFileError(f"cannot read {source}: {error.strerror or error}") from error
        known = (source, found.st_mtime_ns, found.st_size)
        if known in self._kept:
            return self._kept[known]
        digest = _checksum(source, "sha256")
        folder = self.base / "kept" / digest[:16]
        target = folder / source.name
        if not self._is_there(source, target):
            part = folder / f".{source.name}.{self._owner}"
            self._run_shell(quote(["mkdir", "-p", str(folder)]))
            self.push(source, part, checked=False)
            if not self._is_there(source, part):
                raise LinkLostError(f"{source.name} did not arrive whole on {self.place}")
            mode = "755" if os.access(source, os.X_OK) else "644"
            move = 'chmod "$1" "$2" && mv -f "$2" "$3"'
            moved = self._run_shell(script(move, mode, str(part), str(target)))
            if moved.status != 0:
                raise DeviceFullError(f"{target} cannot be written{last_lines(moved.errors)}")
        self._kept[known] = target
        return target

    def _is_there(self, source: Path, target: PurePosixPath) -> bool:
        """Whether a file on the device has the content of one here, by its checksum."""
        printed = self._run_shell(script(_CHECKSUM, str(target)))
        kind, _, rest = printed.output.decode(errors="replace").partition(" ")
        return printed.status == 0 and rest.split()[:1] == [_checksum(source, kind)]

    def push(self, source: Path, target: PurePosixPath, *, checked: bool = True) -> None:
        if not (source.is_file() and os.access(source, os.R_OK)):
            raise BadFileError(f"there is no file {source} that can be read")
        size = source.stat().st_size
        deadline = Deadline(30 + size / _BYTES_PER_S)
        self._send(source, str(target), deadline, Sending(source.name, size, self.place))
        if checked and size >= _CHECKED_BYTES and not self._is_there(source, target):
            raise LinkLostError(f"{source.name} did not arrive whole on {self.place}")

    def pull(self, source: PurePosixPath, target: Path) -> None:
        content = bytearray()
        for chunk in self._fetch(str(source), Deadline(_LARGEST_BYTES / _BYTES_PER_S, _SILENCE_S)):
            content += chunk
            if len(content) > _LARGEST_BYTES:
                raise BadFileError(f"{source} on {self.place} is too large to be one of ours")
        write_bytes(target, bytes(content))

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        quiet_s: float | None = None,
        environment: Mapping[str, str] | None = None,
        on_line: Callable[[bytes], None] | None = None,
    ) -> CompletedProgram:
        self._count += 1
        note = self.base / "running" / f"{self._owner}-{self._count}"
        command = supervise(argv, environment=environment or {}, note=str(note))
        deadline = Deadline(timeout_s, quiet_s)
        completed = self._run_to_end(command, argv, deadline, on_line)
        if completed.status == 127 and completed.errors.rstrip().endswith(NOT_FOUND):
            raise ProgramNotFoundError(f"cannot start {argv[0]} on {self.place}: it is not there")
        return completed

    def _run_shell(self, command: str) -> CompletedProgram:
        """Runs a short shell command of ours."""
        return self._run_to_end(command, [command], Deadline(30), None)

    def _run_to_end(
        self,
        command: str,
        argv: Sequence[str],
        deadline: Deadline,
        on_line: Callable[[bytes], None] | None,
    ) -> CompletedProgram:
        start = time.monotonic()
        output, errors = Capture(on_line), Capture()
        channel = self._start(command)
        try:
            status = _follow(channel, output, errors, deadline)
        finally:
            channel.close()
        if status is None:
            raise ProgramTimedOutError(
                f"{shorten_command(argv)} on {self.place} {deadline.reason} and was ended"
                f"{last_lines(bytes(output.kept), bytes(errors.kept))}"
            )
        return CompletedProgram(
            argv=tuple(argv),
            status=status,
            output=bytes(output.kept),
            errors=bytes(errors.kept),
            wall_s=time.monotonic() - start,
        )

    @property
    def base(self) -> PurePosixPath:
        if self._base is None:
            self.connect()
        if self._base is None:
            raise DeviceNotFoundError(f"{self.place} is not there")
        return self._base


def _mend(errors: str) -> str:
    """Advice besides another folder, by the reason why a folder cannot be made."""
    return next((f"{mend}, or " for reason, mend in _MENDS.items() if reason in errors), "")


def _follow(channel: Channel, output: Capture, errors: Capture, deadline: Deadline) -> int | None:
    """The exit status of a command; None if the deadline came first."""
    captures = {Part.OUTPUT: output, Part.ERRORS: errors}
    while (left := deadline.left_s()) > 0:
        for part, data in channel.receive(min(left, _LOOK_S)):
            if part is Part.STATUS:
                return int.from_bytes(data, "little")
            deadline.note_output()
            captures[part].add(data)
    return None


def left_s(deadline: Deadline, place: str) -> float:
    """Seconds that are left for a file.

    Raises:
        LinkLostError: No time is left.
    """
    left = deadline.left_s()
    if left <= 0:
        raise LinkLostError(f"{place} is too slow: a file {deadline.reason}")
    return left


def _checksum(path: Path, kind: str) -> str:
    """A checksum of a file here, of the kind that the device printed."""
    try:
        with path.open("rb") as stream:
            if kind == "size":
                return str(path.stat().st_size)
            digest = hashlib.new(kind, usedforsecurity=False)
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise BadFileError(f"cannot read {path}: {error.strerror or error}") from error
    return digest.hexdigest()


def _this_machine() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def _is_dead(owner: str) -> bool:
    """Whether the owner of leftovers on a device is a process of this machine that has ended."""
    machine, _, rest = owner.partition(".")
    process = rest.partition(".")[0]
    return (
        machine == _this_machine() and process.isdigit() and not Path(f"/proc/{process}").exists()
    )
