"""Programs of this machine, each in a process of its own with a deadline.

Standard output and error are captured with a limit on their size, so that a program that prints
for ever does not fill the memory; the last lines are part of every error.
"""

from __future__ import annotations

import os
import selectors
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from edgeslim.errors import (
    ProgramAbortedError,
    ProgramCrashedError,
    ProgramError,
    ProgramFailedError,
    ProgramNotFoundError,
    ProgramTimedOutError,
)
from edgeslim.signals import hold_signals

__all__ = [
    "Capture",
    "CompletedProgram",
    "Deadline",
    "last_lines",
    "run",
    "shorten_command",
    "status_error",
]

_KEPT_BYTES = 64 * 1024
_LONGEST_LINE_BYTES = 16 * 1024 * 1024
_LAST_LINES = 3
_LOOK_S = 0.2
"""Interval of checks on a silent program, which may have ended while others hold its streams."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CompletedProgram:
    """A program that has ended: its exit status (128 + signal if ended by one) and output."""

    argv: tuple[str, ...]
    status: int
    output: bytes
    errors: bytes
    wall_s: float


class Deadline:
    """When a program is ended: after a total time, or after a time without output.

    Args:
        timeout_s: Total time in seconds.
        quiet_s: Time without output in seconds; None is no limit.
    """

    def __init__(self, timeout_s: float, quiet_s: float | None = None) -> None:
        self._timeout_s = timeout_s
        self._quiet_s = quiet_s
        self._end = time.monotonic() + timeout_s
        self.note_output()

    def note_output(self) -> None:
        """Notes that the program has printed something."""
        self._silent_since = time.monotonic()

    def left_s(self) -> float:
        """Time left; 0 or less when it is over."""
        now = time.monotonic()
        left = self._end - now
        return (
            left if self._quiet_s is None else min(left, self._silent_since + self._quiet_s - now)
        )

    @property
    def reason(self) -> str:
        """Why the program was ended, as a clause."""
        if self._quiet_s is None or time.monotonic() >= self._end:
            return f"did not end within {self._timeout_s:g} s"
        return f"said nothing for {self._quiet_s:g} s"


@dataclass(slots=True)
class Capture:
    """The last part of a stream, and its lines as they become complete."""

    on_line: Callable[[bytes], None] | None = None
    kept: bytearray = field(default_factory=bytearray)
    pending: bytearray = field(default_factory=bytearray)

    def add(self, chunk: bytes) -> None:
        self.kept += chunk
        if len(self.kept) > 2 * _KEPT_BYTES:
            del self.kept[:-_KEPT_BYTES]
        if self.on_line is None:
            return
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            line = bytes(self.pending + end)
            self.pending.clear()
            self.on_line(line)
        self.pending += rest
        if len(self.pending) > 2 * _LONGEST_LINE_BYTES:
            del self.pending[:-_LONGEST_LINE_BYTES]


def run(
    argv: Sequence[str],
    *,
    timeout_s: float,
    quiet_s: float | None = None,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    on_line: Callable[[bytes], None] | None = None,
) -> CompletedProgram:
    """Runs a program to its end, or ends it (with all its children) at the deadline.

    Args:
        argv: Program and arguments; no shell is involved.
        timeout_s: Total time allowed, however busy the program is.
        quiet_s: Time allowed in which it prints nothing; None is no limit.
        folder: Working folder of the program.
        environment: Variables added to this process's own.
        on_line: Called with each complete line of standard output as it appears; a last
            one without its end was cut off by whatever ended the program, and is not.

    Raises:
        ProgramNotFoundError: There is no such program, or not for this machine.
        ProgramTimedOutError: The deadline passed.
    """
    start = time.monotonic()
    child: subprocess.Popen[bytes] | None = None
    output, errors = Capture(on_line), Capture()
    try:
        # An interruption between the program's start and this assignment would leave it running.
        with hold_signals():
            child = _start(argv, folder, environment)
        deadline = Deadline(timeout_s, quiet_s)
        ended = _pump(child, output, errors, deadline)
    finally:
        if child is not None:
            _end_group(child)
    if not ended:
        raise ProgramTimedOutError(
            f"{shorten_command(argv)} {deadline.reason} and was ended"
            f"{last_lines(bytes(output.kept), bytes(errors.kept))}"
        )
    code = child.returncode
    return CompletedProgram(
        argv=tuple(argv),
        status=128 - code if code < 0 else code,
        output=bytes(output.kept),
        errors=bytes(errors.kept),
        wall_s=time.monotonic() - start,
    )


def _start(
    argv: Sequence[str], folder: Path | None, environment: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    except OSError as error:
        where = f" ({error.filename})" if error.filename not in {None, argv[0]} else ""
        raise ProgramNotFoundError(
            f"cannot start {argv[0]}: {error.strerror or error}{where}"
        ) from error


def _pump(
    child: subprocess.Popen[bytes], output: Capture, errors: Capture, deadline: Deadline
) -> bool:
    """Reads both streams until the program ends; False if the deadline came first."""
    assert child.stdout is not None  # noqa: S101 - both were asked for above
    assert child.stderr is not None  # noqa: S101
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ, output)
        selector.register(child.stderr, selectors.EVENT_READ, errors)
        while selector.get_map():
            ended = child.poll() is not None
            left = deadline.left_s()
            if left <= 0:
                return ended
            ready = selector.select(min(left, _LOOK_S))
            if ended and not ready:
                return True  # what still holds the streams is not the program
            for key, _ in ready:
                chunk = os.read(key.fd, 65536)
                if chunk:
                    deadline.note_output()
                    key.data.add(chunk)
                else:
                    selector.unregister(key.fileobj)
    try:
        child.wait(max(0.0, deadline.left_s()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """Ends the program with all its children, and closes its streams."""
    # The group outlives its leader as long as something is in it.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for stream in (child.stdout, child.stderr):
        if stream is not None:
            stream.close()


def status_error(what: str, completed: CompletedProgram, *, mend: str = "") -> ProgramError:
    """The typed error for a program that failed.

    Args:
        what: Text on what was being done, the start of the message.
        completed: The program that has ended.
        mend: Text on the likely mend, as a clause.
    """
    status = completed.status
    tail = last_lines(completed.output, completed.errors)
    advice = f"; {mend}" if mend else ""
    if status == 128 + signal.SIGABRT:
        return ProgramAbortedError(f"{what}: the program aborted ({status}){advice}{tail}")
    # Other statuses above 128 are the program's own: exit(-1) is 255.
    if status - 128 in set(signal.Signals):
        name = signal.Signals(status - 128).name
        return ProgramCrashedError(f"{what}: the program crashed ({status}, {name}){advice}{tail}")
    return ProgramFailedError(f"{what}: the program failed ({status}){advice}{tail}")


def last_lines(*streams: bytes) -> str:
    """Text with the last lines that a program printed; empty if there are none."""
    lines = [
        line.strip()
        for stream in streams
        for line in stream.decode(errors="replace").splitlines()
        if line.strip()
    ]
    return f" [it printed last: {' | '.join(lines[-_LAST_LINES:])[-600:]}]" if lines else ""


def shorten_command(argv: Sequence[str]) -> str:
    """A command as text for a message, shortened if it is long."""
    text = shlex.join(argv)
    return text if len(text) <= 120 else f"{text[:117]}..."
