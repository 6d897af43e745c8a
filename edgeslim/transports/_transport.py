"""What every transport can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import Protocol

from edgeslim.device import Location
from edgeslim.process import Completed

__all__ = ["Transport", "TransportFactory"]


class Transport(Protocol):
    """One device, reachable; every method may raise a `LinkError`.

    A transport is used from one thread at a time. After a `LinkLostError`, `connect` makes
    it anew, and ends what is left running on the device.
    """

    @property
    def place(self) -> str:
        """What is at the other end, for people."""

    @property
    def base(self) -> PurePosixPath:
        """Our folder there, which stays."""

    def connect(self) -> None:
        """Reaches the device, or reaches it anew; what it ran for us until then is ended.

        Raises:
            DeviceNotFoundError: Nothing answers.
            DeviceRefusedError: It lets us not in; the message has the command that mends it.
        """

    def close(self) -> None:
        """Lets go of the device; removes what it holds of ours, but for what `keep` keeps."""

    def folder(self) -> AbstractContextManager[PurePosixPath]:
        """A new folder on the device; it is removed afterwards, as far as the link allows."""

    def keep(self, source: Path) -> PurePosixPath:
        """Where a file is on the device, sent if it is not there yet with this content.

        It stays there for later runs, and can be run if it can be run here.
        """

    def push(self, source: Path, target: PurePosixPath, *, checked: bool = True) -> None:
        """Sends a file, and reads a large one again there unless whoever reads it checks it."""

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
    ) -> Completed:
        """Runs a program on the device to its end, or ends it at the deadline.

        It is ended too when it prints nothing at all for ``quiet_s``, and when this process or
        the link dies meanwhile.

        Raises:
            ProgramNotFoundError: There is no such program.
            ProgramTimedOutError: The deadline passed, or it was silent for too long.
            LinkLostError: The link broke off; how the program ended is not known.
        """


TransportFactory = Callable[[Location], Transport]
"""Makes the transport to a device; nothing is reached before it is used."""
