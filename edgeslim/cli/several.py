"""One command for several devices: a process for each, all at once.

Each device has a process of its own, so that one that fails, or is slow, costs the others
nothing. They share the terminal's process group: what interrupts this one interrupts them.
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

__all__ = ["Finished", "run_for_each", "without_options"]

_GRACE_S = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """How the command ended for one device.

    Args:
        name: The device, as the user named it.
        code: Exit code.
        document: What it printed with ``--json``; empty if it failed.
    """

    name: str
    code: int
    document: dict[str, Any]


def run_for_each(
    arguments: Sequence[str], devices: Sequence[tuple[str, Sequence[str]]]
) -> list[Finished]:
    """Runs ``edgeslim ARGUMENTS`` for devices at once; progress lines say of which they are.

    Args:
        arguments: Command and options that all share.
        devices: Name of each, and the options that choose it.
    """
    running = [_Child(name, [*arguments, *options, "--json"]) for name, options in devices]
    try:
        return [child.finished() for child in running]
    except BaseException:
        for child in running:
            child.interrupt()
        raise


def without_options(arguments: Sequence[str], names: Sequence[str]) -> list[str]:
    """A command line without some options that have a value each, and without ``--json``."""
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
        self._relay = threading.Thread(target=self._say, daemon=True)
        self._relay.start()

    def _say(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - it was asked for
        for line in self._process.stderr:
            sys.stderr.write(f"{self._name}: {line}")

    def finished(self) -> Finished:
        code = self._process.wait()
        self._relay.join()
        self._document.seek(0)
        text = self._document.read()
        return Finished(
            name=self._name, code=code, document=msgspec.json.decode(text) if text else {}
        )

    def interrupt(self) -> None:
        """Ends it, with time to put its device in order."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_S)
        self._process.kill()
