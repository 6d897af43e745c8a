"""One process at a time works in a folder of checkpoints."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeslim.errors import UsageError

__all__ = ["held"]


@contextmanager
def held(path: Path) -> Iterator[None]:
    """The folder is this process's inside; what killed ones left half-made is removed.

    Raises:
        UsageError: It is another's.
    """
    with (path / ".lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"another process compresses into {path}; wait for it, or give another folder"
            ) from None
        except OSError:
            pass  # some network folders know no locks
        for each in path.glob(".edgeslim.*"):
            shutil.rmtree(each, ignore_errors=True)
        yield
