"""The page cache: whether a file is read from the disk or from memory when it is opened next."""

from __future__ import annotations

import ctypes
import mmap
import os
from typing import Sequence

_CHUNK = 1 << 20
_IN_MEMORY = 1


def warm(paths: Sequence[str]) -> None:
    """Reads files, so that the page cache has them."""
    for path in paths:
        with open(path, "rb") as stream:
            while stream.read(_CHUNK):
                pass


def drop(paths: Sequence[str]) -> str:
    """Drops files from the page cache; returns why they are still there, or nothing."""
    if not hasattr(os, "posix_fadvise"):
        return "this system drops no file from its page cache"
    for path in paths:
        try:
            file = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(file)
            left = _resident_pages(path)
        except (OSError, ValueError, AttributeError) as error:
            return "the page cache cannot be dropped: {}".format(error)
        if left:
            return "{} pages of the file stay in the page cache".format(left)
    return ""


def _resident_pages(path: str) -> int:
    """How many pages of a file are in memory."""
    size = os.path.getsize(path)
    if not size:
        return 0
    with open(path, "rb") as stream:
        # Private and writable, since a view of read-only memory has no address here.
        mapped = mmap.mmap(stream.fileno(), size, access=mmap.ACCESS_COPY)
    view = ctypes.c_char.from_buffer(mapped)
    pages = (ctypes.c_ubyte * -(-size // mmap.PAGESIZE))()
    try:
        library = ctypes.CDLL(None, use_errno=True)
        address = ctypes.c_void_p(ctypes.addressof(view))
        if library.mincore(address, ctypes.c_size_t(size), pages) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        del view
        mapped.close()
    return sum(page & _IN_MEMORY for page in pages)
