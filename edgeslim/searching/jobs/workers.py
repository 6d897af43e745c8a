"""Workers: names of processes, and whether a process of this machine has ended."""

from __future__ import annotations

import hashlib
import math
import os
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path

__all__ = ["GOLDEN_RATIO", "has_ended", "process_fraction", "worker_name"]

GOLDEN_RATIO = (math.sqrt(5) - 1) / 2
"""The fractional parts of its multiples are spread most evenly."""


def worker_name() -> str:
    """The name of this process: ``host:pid@machine``.

    Hosts may share a name, and containers of one machine may number their processes alike; the
    last part tells them apart, and changes when the machine restarts.
    """
    return f"{socket.gethostname()}:{os.getpid()}@{_machine()}"


def has_ended(worker: str) -> bool:
    """Whether a worker was a process of this machine that has ended.

    Workers of other machines are only known by their heartbeats.
    """
    name, _, machine = worker.rpartition("@")
    host, _, pid = name.rpartition(":")
    here = bool(machine) and (host, machine) == (socket.gethostname(), _machine())
    if not here or not pid.isdecimal():
        return False
    try:
        with suppress(PermissionError):  # it exists, and belongs to another user
            os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    return False


def process_fraction() -> float:
    """A number from 0 to 1 for this process, spread so that processes do not collide."""
    return os.getpid() * GOLDEN_RATIO % 1


@cache
def _machine() -> str:
    """A checksum of this boot of the machine and this PID namespace; empty if unknown."""
    parts: list[str] = []
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
    with suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:6] if len(parts) == 2 else ""
