"""A lock by which one process at a time works in a folder of checkpoints."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeslim.errors import UsageError

__all__ = ["hold_folder"]


@contextmanager
def hold_folder(path: Path) -> Iterator[None]:
    """Locks the folder; removes unfinished files of killed processes.

    Raises:
        UsageError: Another process has locked it.
    """
    with (path / ".lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"another process compresses into {path}; wait for it, or give another folder"
            ) from None
        except OSError:
            pass  # some network folders have no locks
        for unfinished in path.glob(".edgeslim.*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        yield
