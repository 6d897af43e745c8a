"""A command that runs on a device, as the host sees it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Protocol

__all__ = ["Channel", "Part"]


class Part(Enum):
    """Kind of data that arrives from a command."""

    OUTPUT = 1
    ERRORS = 2
    STATUS = 3


class Channel(Protocol):
    """A command whose standard input stays open, and empty, until the channel is closed."""

    def receive(self, timeout_s: float) -> Iterable[tuple[Part, bytes]]:
        """Waits for data, and returns what has arrived; the status, little-endian, comes last.

        Raises:
            LinkLostError: The link broke off before the command ended.
        """

    def close(self) -> None:
        """Ends the channel, and with it what the command still runs."""
