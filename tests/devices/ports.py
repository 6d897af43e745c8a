"""Ports on loopback: a free one, and one that a server has begun to listen at."""

from __future__ import annotations

import socket
import time

__all__ = ["await_server", "free_port"]


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def await_server(port: int) -> None:
    """Waits until a server answers.

    Raises:
        OSError: None does.
    """
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:  # noqa: PERF203 - a loop over attempts
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
