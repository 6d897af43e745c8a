"""The interface of transports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import Protocol

from edgeslim.device import Location
from edgeslim.process import CompletedProgram

__all__ = ["Transport", "TransportFactory"]


class Transport(Protocol):
    """A link to one device; every method may raise a `LinkError`.

    A transport is used from one thread at a time. After a `LinkLostError`, `connect` opens it
    again, and ends what is left running on the device.
    """

    @property
    def place(self) -> str:
        """Name of the device and the link, for people."""

    @property
    def base(self) -> PurePosixPath:
        """Our folder on the device, which is kept."""

    def connect(self) -> None:
        """Connects the device, again if need be; programs that it still ran for us are ended.

        Raises:
            DeviceNotFoundError: Nothing answers.
            DeviceRefusedError: It refuses the login; the message has the command that helps.
        """

    def close(self) -> None:
        """Closes the link, and removes our files on the device except those of `keep`."""

    def folder(self) -> AbstractContextManager[PurePosixPath]:
        """A new folder on the device; it is removed afterwards, as far as the link allows."""

    def keep(self, source: Path) -> PurePosixPath:
        """Sends a file if the device lacks it with this content; returns its path there.

        It is kept there for later runs, and executable if it is executable here.
        """

    def push(self, source: Path, target: PurePosixPath, *, checked: bool = True) -> None:
        """Sends a file; a large one is verified there, unless its reader does so."""

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
        quiet_s: float | None = None,
        environment: Mapping[str, str] | None = None,
        on_line: Callable[[bytes], None] | None = None,
    ) -> CompletedProgram:
        """Runs a program on the device to its end, or ends it at the deadline.

        It is ended too when it prints nothing at all for ``quiet_s``, and when this process or
        the link dies meanwhile.

        Raises:
            ProgramNotFoundError: There is no such program.
            ProgramTimedOutError: The deadline passed, or it was silent for too long.
            LinkLostError: The link broke off; how the program ended is not known.
        """


TransportFactory = Callable[[Location], Transport]
"""Makes the transport to a device; it is connected when it is first used."""
