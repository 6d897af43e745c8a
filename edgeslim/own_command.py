"""A command of edgeslim itself, in a process of its own, which prints its result as JSON."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Thread
from typing import Any

import msgspec

__all__ = ["OwnCommand"]


class OwnCommand:
    """A command that runs; it shares the terminal, and so the interruptions of this process.

    Args:
        arguments: The command line without ``edgeslim`` and ``--json``.
        grace_s: How long it may take to end in order once it is interrupted, in seconds.
        on_line: Called with each line of its standard error, which otherwise is this process's.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        grace_s: float,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        self._grace_s = grace_s
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - gone with it
        self._process = subprocess.Popen(
            [sys.executable, "-m", "edgeslim", *arguments, "--json"],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=None if on_line is None else subprocess.PIPE,
            text=True,
        )
        self._relay = Thread(target=self._relay_lines, args=(on_line,), daemon=True)
        if on_line is not None:
            self._relay.start()

    def _relay_lines(self, on_line: Callable[[str], None]) -> None:
        for line in self._process.stderr or ():
            on_line(line)

    def wait(self) -> tuple[int, dict[str, Any]]:
        """Waits for its end: the exit code, and the document; empty if it printed none.

        Whatever ends the waiting (an interruption, say) ends the command too.
        """
        try:
            code = self._process.wait()
        except BaseException:
            self.interrupt()
            raise
        if self._relay.is_alive():
            self._relay.join()
        self._output.seek(0)
        text = self._output.read()
        return code, msgspec.json.decode(text) if text else {}

    def interrupt(self) -> None:
        """Ends it, with time to put back what it has set and to write down where it was."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(self._grace_s)
        self._process.kill()
