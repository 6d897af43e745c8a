"""Requirements of a program or library of Linux or Android, read from its own file.

The format is that of the System V ABI; versions of symbols are as in the Linux Standard Base: a
file names, for each library that it is linked with, the versions whose symbols it uses.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeslim.errors import BadFileError

__all__ = ["Elf", "newest", "read_elf", "version_number"]

_LOADED, _DYNAMIC, _INTERPRETER = 1, 2, 3
_NEEDED, _STRINGS, _VERSIONS, _VERSION_COUNT = 1, 5, 0x6FFFFFFE, 0x6FFFFFFF


@dataclass(frozen=True, kw_only=True, slots=True)
class Elf:
    """A program or library in the ELF format.

    Args:
        machine: Number of its processor.
        interpreter: Path of the loader that starts it; empty for a library.
        libraries: Libraries that it is linked with, by name.
        versions: Versions that it needs of them, such as ``GLIBC_2.34`` of ``libc.so.6``.
    """

    machine: int
    interpreter: str
    libraries: tuple[str, ...]
    versions: Mapping[str, tuple[str, ...]]


def read_elf(path: Path) -> Elf:
    """Reads the requirements of a program or library.

    Raises:
        BadFileError: The file is no ELF file, or is truncated.
    """
    try:
        file = _File(path.read_bytes())
        return Elf(
            machine=file.machine(),
            interpreter=file.interpreter(),
            libraries=file.libraries(),
            versions=file.versions(),
        )
    except (struct.error, ValueError) as error:
        raise BadFileError(f"{path} is no whole program or library: {error}") from error


def version_number(version: str) -> tuple[int, ...]:
    """A version as numbers that can be compared: (2, 34) of ``GLIBC_2.34`` and of ``2.34``."""
    parts = version.rpartition("_")[2].split(".")
    return tuple(int(part) for part in parts if part.isdecimal())


def newest(elves: Iterable[Elf], family: str) -> str:
    """The newest version of a family, such as 2.34 of ``GLIBC``, that files need; "" for none."""
    found = [
        version.removeprefix(f"{family}_")
        for elf in elves
        for versions in elf.versions.values()
        for version in versions
        if version.startswith(f"{family}_") and version_number(version)
    ]
    return max(found, key=version_number, default="")


class _File:
    """The bytes of a file of 32 or 64 bits, of processors that put the low byte first."""

    def __init__(self, content: bytes) -> None:
        if content[:4] != b"\x7fELF" or content[4:5] not in {b"\1", b"\2"}:
            raise ValueError("it does not begin as one")
        self._content = content
        wide = content[4] == 2
        # Kind, offset, address and size of a segment; in 64 bits its flags stand before them.
        self._segment = struct.Struct("<I4xQQ8xQ" if wide else "<III4xI")
        self._entry = struct.Struct("<QQ" if wide else "<II")
        (start,) = struct.unpack_from(*(("<Q", content, 32) if wide else ("<I", content, 28)))
        size, count = struct.unpack_from("<HH", content, 54 if wide else 42)
        places = range(start, start + size * count, size or 1)
        self._segments = [self._segment.unpack_from(content, place) for place in places]
        self._dynamic = list(self._read_dynamic())
        self._strings = next((self._offset(v) for tag, v in self._dynamic if tag == _STRINGS), 0)

    def machine(self) -> int:
        """Number of its processor."""
        return int.from_bytes(self._content[18:20], "little")

    def interpreter(self) -> str:
        """Path of the loader that starts it."""
        starts = [offset for kind, offset, *_ in self._segments if kind == _INTERPRETER]
        return self._text(starts[0]) if starts else ""

    def libraries(self) -> tuple[str, ...]:
        """Names of the libraries that it is linked with."""
        return tuple(
            self._text(self._strings + value) for tag, value in self._dynamic if tag == _NEEDED
        )

    def versions(self) -> dict[str, tuple[str, ...]]:
        """Versions that it needs, by the library that they are of."""
        tags = dict(self._dynamic)
        found: dict[str, tuple[str, ...]] = {}
        place = self._offset(tags[_VERSIONS]) if _VERSIONS in tags else 0
        for _ in range(tags.get(_VERSION_COUNT, 0)):
            _, count, name, first, after = struct.unpack_from("<HHIII", self._content, place)
            versions, here = [], place + first
            for _ in range(count):
                _, _, _, version, step = struct.unpack_from("<IHHII", self._content, here)
                versions.append(self._text(self._strings + version))
                here += step
                if not step:
                    break
            found[self._text(self._strings + name)] = tuple(versions)
            place += after
            if not after:
                break
        return found

    def _read_dynamic(self) -> Iterator[tuple[int, int]]:
        """Entries for the loader, as pairs of tag and value."""
        for kind, offset, _, size in self._segments:
            if kind == _DYNAMIC:
                for place in range(offset, offset + size, self._entry.size):
                    yield self._entry.unpack_from(self._content, place)

    def _offset(self, address: int) -> int:
        """Offset in the file of what is loaded at an address."""
        for kind, offset, start, size in self._segments:
            if kind == _LOADED and start <= address < start + size:
                return int(offset + address - start)
        raise ValueError(f"nothing of it is loaded at {address:#x}")

    def _text(self, place: int) -> str:
        end = self._content.index(b"\0", place)
        return self._content[place:end].decode()
