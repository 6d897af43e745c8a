"""Facts in the file of an optimized model: the library it is for, and its kernels.

Layout (Paddle-Lite, ``lite/model_parser/model_parser.cc`` and ``flatbuffers/io.cc``): a
16-bit format version, 16 characters of library version, a 64-bit size, the program of
that size. Kernels stand in it as ``operator/alias/TARGET/PRECISION/LAYOUT`` with the
numbers of ``paddle_place.h``. The parameters follow: four bytes, a 16-bit size of a header
that starts with their 16-bit count, then each with its 32-bit size before it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeslim.errors import BadFileError
from edgeslim.files import read_bytes

__all__ = [
    "Kernel",
    "OptimizedModel",
    "pack_model",
    "parameter_messages",
    "program_message",
    "read_optimized_model",
]


_KERNEL_PRECISIONS = {1: "fp32", 2: "int8", 5: "fp16"}
"""Precisions of kernels by their number in a kernel's name; kernels of others compute nothing."""

_FORMAT = 2
"""The format of every Paddle-Lite since 2.6."""

_START = struct.Struct("<H16sQ")
_KERNEL = re.compile(rb"([a-z0-9_]+)/([A-Za-z0-9_]+)/(\d+)/(\d+)/(\d+)")


@dataclass(frozen=True, slots=True, order=True)
class Kernel:
    """One kernel that an optimized model calls."""

    operator: str
    alias: str
    target: int
    precision: int
    layout: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OptimizedModel:
    """Facts read from an optimized model's file.

    Args:
        library_version: Version of the optimizer, such as ``v2.13-rc``.
        kernels: The kernels it calls.
        size_bytes: Size of the file.
    """

    library_version: str
    kernels: frozenset[Kernel]
    size_bytes: int

    @property
    def computes_in(self) -> tuple[str, ...]:
        """Precisions that its kernels compute in: ``fp32``, ``int8``, ``fp16``, in this order."""
        numbers = {kernel.precision for kernel in self.kernels}
        return tuple(name for number, name in _KERNEL_PRECISIONS.items() if number in numbers)

    @property
    def targets(self) -> frozenset[int]:
        """Numbers of the targets that the kernels are for."""
        return frozenset(kernel.target for kernel in self.kernels)


def read_optimized_model(path: Path) -> OptimizedModel:
    """Reads the facts of an ``.nb`` file.

    Raises:
        BadFileError: Missing, truncated, or not an optimized model.
    """
    content = read_bytes(path)
    if len(content) < _START.size:
        raise BadFileError(f"{path} is not an optimized model of Paddle-Lite: it is too short")
    format_version, version, program_bytes = _START.unpack_from(content)
    name = version.split(b"\0")[0].decode(errors="replace")
    if format_version != _FORMAT or not name.startswith("v"):
        raise BadFileError(
            f"{path} is not an optimized model of Paddle-Lite (format {format_version}, {name!r})"
        )
    program_end = _START.size + program_bytes
    if _end(content, program_end) != len(content):
        raise BadFileError(f"{path} is not a whole optimized model: it is cut off, or too long")
    kernels = frozenset(
        Kernel(m[1].decode(), m[2].decode(), int(m[3]), int(m[4]), int(m[5]))
        for m in _KERNEL.finditer(content, _START.size, program_end)
    )
    if not kernels:
        raise BadFileError(f"{path} is not an optimized model of Paddle-Lite: it calls no kernels")
    return OptimizedModel(library_version=name, kernels=kernels, size_bytes=len(content))


def program_message(content: bytes) -> bytes:
    """The program of an optimized model's file, as a FlatBuffers message."""
    size = _START.unpack_from(content)[2]
    return content[_START.size : _START.size + size]


def parameter_messages(content: bytes) -> Iterator[bytes]:
    """The parameters of an optimized model's file, a FlatBuffers message each."""
    position = _START.size + _START.unpack_from(content)[2]
    header_bytes, count = struct.unpack_from("<HH", content, position + 4)
    position += 6 + header_bytes
    for _ in range(count):
        size, offset = struct.unpack_from("<II", content, position)
        yield content[position + 4 + offset : position + 4 + size]
        position += 4 + size


def pack_model(like: bytes, program: bytes, parameters: Sequence[bytes]) -> bytes:
    """An optimized model's file of another program and other parameters.

    Args:
        like: File of a model of the same optimizer, whose headers it gets.
        program: Message of the program.
        parameters: Messages of the parameters, in order.
    """
    format_version, version, program_bytes = _START.unpack_from(like)
    position = _START.size + program_bytes
    (header_bytes,) = struct.unpack_from("<H", like, position + 4)
    header = bytearray(like[position : position + 6 + header_bytes])
    struct.pack_into("<H", header, 6, len(parameters))
    parts = [_START.pack(format_version, version, len(program)), program, bytes(header)]
    for message in parameters:
        parts += [struct.pack("<II", len(message) + 4, 4), message]
    return b"".join(parts)


def _end(content: bytes, position: int) -> int:
    """Where the parameters that start at a position end; -1 if that is beyond the file."""
    try:
        header_bytes, count = struct.unpack_from("<HH", content, position + 4)
        position += 6 + header_bytes
        for _ in range(count):
            (size,) = struct.unpack_from("<I", content, position)
            position += 4 + size
    except struct.error:
        return -1
    return position
