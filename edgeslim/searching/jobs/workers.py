"""Who works: processes by name, and whether one of this machine has ended."""

from __future__ import annotations

import hashlib
import math
import os
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path

__all__ = ["GOLDEN", "has_ended", "own_share", "worker_name"]

GOLDEN = (math.sqrt(5) - 1) / 2
"""Its multiples are spread most evenly."""


def worker_name() -> str:
    """What this process is called: ``host:pid@machine``.

    Hosts may share a name, and containers of one machine may number their processes alike; the
    last part tells them apart, and changes when the machine starts anew.
    """
    return f"{socket.gethostname()}:{os.getpid()}@{_machine()}"


def has_ended(worker: str) -> bool:
    """Whether a worker was a process of this machine and is none any more.

    Of those of other machines only their silence tells.
    """
    name, _, machine = worker.rpartition("@")
    host, _, pid = name.rpartition(":")
    here = bool(machine) and (host, machine) == (socket.gethostname(), _machine())
    if not here or not pid.isdecimal():
        return False
    try:
        with suppress(PermissionError):  # it is there, and somebody else's
            os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    return False


def own_share() -> float:
    """A number from 0 to 1 for this process, spread so that many do not do the same at once."""
    return os.getpid() * GOLDEN % 1


@cache
def _machine() -> str:
    """Of this start of the machine and this set of processes, where the system tells."""
    parts: list[str] = []
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
    with suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:6] if len(parts) == 2 else ""
