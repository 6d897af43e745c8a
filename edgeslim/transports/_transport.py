"""What every transport can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import Protocol

from edgeslim.process import Completed

__all__ = ["Transport", "TransportFactory"]


class Transport(Protocol):
    """One device, reachable."""

    def folder(self) -> AbstractContextManager[PurePosixPath]:
        """A new folder on the device; it is removed afterwards."""

    def push(self, source: Path, target: PurePosixPath) -> None:
        """Sends a file."""

    def pull(self, source: PurePosixPath, target: Path) -> None:
        """Fetches a file.

        Raises:
            BadFileError: It is not there.
        """

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        environment: Mapping[str, str] | None = None,
        on_line: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """Runs a program on the device to its end, or ends it at the deadline.

        Raises:
            ProgramNotFoundError: There is no such program.
            ProgramTimedOutError: The deadline passed.
        """


TransportFactory = Callable[[], Transport]
"""Makes the transport to a device."""
