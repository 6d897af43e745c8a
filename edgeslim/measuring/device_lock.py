"""One run on a device at a time: two would measure each other."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeslim.errors import DeviceRefusedError

__all__ = ["lock_device"]


@contextmanager
def lock_device(place: str) -> Iterator[None]:
    """Locks a device for this process; the system unlocks it when the process ends.

    Args:
        place: Name of the device, the same for all processes on this machine.

    Raises:
        DeviceRefusedError: Another process holds it.
    """
    name = hashlib.sha256(place.encode(errors="surrogateescape")).hexdigest()[:16]
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    with (folder / f"edgeslim-{os.getuid()}-{name}.lock").open("a+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            raise DeviceRefusedError(
                f"{place} is in use by another edgeslim (process {stream.read() or 'unknown'}); "
                "wait until it is done: two would disturb each other"
            ) from None
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield
