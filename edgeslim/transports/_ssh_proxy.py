"""A connection through another program, for ``ProxyCommand`` and ``ProxyJump``."""

from __future__ import annotations

import os
from select import select

from paramiko import ProxyCommand

__all__ = ["SshProxy"]


class SshProxy(ProxyCommand):
    """Paramiko's proxy, which also ends when its program does, and can be closed twice."""

    def recv(self, size: int) -> bytes:
        """Reads up to a number of bytes; none when the program has closed its output.

        Raises:
            TimeoutError: Nothing came within the timeout.
        """
        output = self.process.stdout
        if output is None:
            return b""
        if not select([output], [], [], self.timeout)[0]:
            raise TimeoutError
        return os.read(output.fileno(), size)

    def close(self) -> None:
        """Asks the program to end, if it runs."""
        self.process.terminate()
