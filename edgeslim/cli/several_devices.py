"""Runs one command for several devices at the same time, in a process for each.

A device that fails, or is slow, does not affect the others. The processes share the terminal's
process group, so that what interrupts this one interrupts them.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

import msgspec

__all__ = ["DeviceResult", "run_on_devices", "without_options"]

_GRACE_S = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceResult:
    """The result of the command for one device.

    Args:
        name: The device, as the user named it.
        code: Exit code of the process.
        document: What it printed with ``--json``; empty if it failed.
    """

    name: str
    code: int
    document: dict[str, Any]


def run_on_devices(
    arguments: Sequence[str], devices: Sequence[tuple[str, Sequence[str]]]
) -> list[DeviceResult]:
    """Runs ``edgeslim ARGUMENTS`` for several devices; progress lines begin with their names.

    Args:
        arguments: Command and options that all devices share.
        devices: Name of each device, and the options that choose it.
    """
    running = [_Child(name, [*arguments, *options, "--json"]) for name, options in devices]
    try:
        return [child.wait() for child in running]
    except BaseException:
        for child in running:
            child.interrupt()
        raise


def without_options(arguments: Sequence[str], names: Sequence[str]) -> list[str]:
    """Removes some options with their values, and ``--json``, from a command line."""
    kept: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument in names:
            next(rest, None)
        elif argument != "--json" and argument.partition("=")[0] not in names:
            kept.append(argument)
    return kept


class _Child:
    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self._name = name
        self._document: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - gone with it
        self._process = subprocess.Popen(
            [sys.executable, "-m", "edgeslim", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._document,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._relay = threading.Thread(target=self._relay_lines, daemon=True)
        self._relay.start()

    def _relay_lines(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - it was asked for
        for line in self._process.stderr:
            sys.stderr.write(f"{self._name}: {line}")

    def wait(self) -> DeviceResult:
        """Waits for the end of the process."""
        code = self._process.wait()
        self._relay.join()
        self._document.seek(0)
        text = self._document.read()
        return DeviceResult(
            name=self._name, code=code, document=msgspec.json.decode(text) if text else {}
        )

    def interrupt(self) -> None:
        """Ends the process, with time to restore its device's settings."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_S)
        self._process.kill()
