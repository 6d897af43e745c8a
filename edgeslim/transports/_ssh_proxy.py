"""A connection that another program makes, as ``ProxyCommand`` and ``ProxyJump`` ask for."""

from __future__ import annotations

import os
from select import select

from paramiko import ProxyCommand

__all__ = ["Proxy"]


class Proxy(ProxyCommand):
    """Paramiko's own, which reads for ever from a program that ended, and cannot end it twice."""

    def recv(self, size: int) -> bytes:
        """Up to that many bytes; none when the program has closed its output.

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
