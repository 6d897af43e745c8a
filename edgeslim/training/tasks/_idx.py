"""Files of the idx format, in which MNIST and those after it come (http://yann.lecun.com/exdb/mnist/).

Two zero bytes, the type of an element (8: a byte), the number of extents, each extent as four
bytes, most significant first; then the elements.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import BadFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_idx"]

_BYTES = 0x08


def read_idx(folder: Path, name: str, extents: int) -> NDArray[np.uint8]:
    """Reads the array in ``folder/name`` or ``folder/name.gz``.

    Args:
        folder: Folder that the file is in.
        name: Name of the file without ``.gz``.
        extents: Number of axes of the array.

    Raises:
        BadFileError: There is no such file, it is not of bytes with so many axes, or it is
            truncated or too long.
    """
    path = next((file for file in (folder / name, folder / f"{name}.gz") if file.exists()), None)
    if path is None:
        raise BadFileError(f"{folder} has neither {name} nor {name}.gz")
    content = _content(path)
    head = 4 + 4 * extents
    magic = bytes([0, 0, _BYTES, extents])
    if content[:4] != magic:
        raise BadFileError(
            f"{path} is no idx file of bytes with {extents} extents: it begins with "
            f"{content[:4].hex(' ') or 'nothing'}, not {magic.hex(' ')}"
        )
    if len(content) < head:
        raise BadFileError(f"{path} is truncated: it ends in its header, at byte {len(content)}")
    shape = struct.unpack_from(f">{extents}I", content, 4)
    expected = head + math.prod(shape)
    if len(content) != expected:
        wrong = "truncated" if len(content) < expected else "too long"
        raise BadFileError(
            f"{path} is {wrong}: {' x '.join(map(str, shape))} elements need {expected} bytes and "
            f"it has {len(content)}"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=head).reshape(shape)


def _content(path: Path) -> bytes:
    try:
        if path.suffix != ".gz":
            return path.read_bytes()
        with gzip.open(path) as stream:
            return stream.read()
    except EOFError as error:
        raise BadFileError(f"{path} is truncated: its compressed data do not end") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BadFileError(f"{path} is no whole gzip file: {error}") from error
    except OSError as error:
        raise BadFileError(f"cannot read {path}: {error.strerror or error}") from error
