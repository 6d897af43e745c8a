"""One process at a time writes a folder or a file; another one is told who does."""

from __future__ import annotations

import fcntl
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path

from edgeslim.errors import InUseError

__all__ = ["hold"]


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Holds a folder or a file for this process while it is written, by a lock beside it.

    The lock is a hidden file that says who holds it. It is gone afterwards; that of a killed
    process holds nothing. Folders without locks (some network file systems) are not held, and
    those in which nothing can be written are left to whoever writes there and can say why.

    Raises:
        InUseError: Another process holds it, on this machine or one that shares the folder.
    """
    whole = path.absolute()
    lock = whole.with_name(f".{whole.name}.lock")
    made = [folder for folder in lock.parents if not folder.exists()]
    stream = _open_locked(path, lock)
    if stream is None:
        yield
        return
    with stream:
        stream.truncate(0)
        stream.write(_this_process())
        stream.flush()
        try:
            yield
        finally:
            # While it is still locked: a lock that others can take is not removed.
            with suppress(OSError):
                lock.unlink()
                for folder in made:  # where nothing was written, nothing is left
                    folder.rmdir()


def _open_locked(path: Path, lock: Path) -> TextIOWrapper | None:
    while True:
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            stream = lock.open("a+", encoding="utf-8")
        except OSError:
            return None
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its last holder may have removed it before it was locked.
            if os.fstat(stream.fileno()).st_nlink > 0:
                return stream
        except BlockingIOError:
            stream.seek(0)
            holder = " ".join(stream.read().split()) or "another process"
            stream.close()
            raise InUseError(
                f"{path} is being written by {holder}; wait until it is done, or write elsewhere"
            ) from None
        except OSError:
            stream.close()
            return None
        stream.close()


def _this_process() -> str:
    """This process as a message names it: its number, command, machine and start."""
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    program = Path(sys.argv[0])
    is_command_line = program.stem == "edgeslim" or program.parts[-2:] == (
        "edgeslim",
        "__main__.py",
    )
    name = f"edgeslim {command}".strip() if is_command_line else "edgeslim"
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    return f"{name}, process {os.getpid()} on {platform.node()} since {since}"
