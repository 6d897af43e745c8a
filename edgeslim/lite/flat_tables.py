"""Tables of a FlatBuffers message, read field by field.

Layout (FlatBuffers, "Internals"): a message starts with the offset of its root table. A table
starts with the distance back to its list of fields, which has the offset of each field in the
table, or 0 for one that is left out and has its default. Strings, vectors and other tables are
stored elsewhere, and their field has the distance to them. All numbers are little endian.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

__all__ = ["FlatTable", "root_table"]

_U16, _U32, _I32 = struct.Struct("<H"), struct.Struct("<I"), struct.Struct("<i")
_LONGEST = 1 << 31
"""Most bytes of a vector: a longer one means that this is no message."""


class FlatTable:
    """One table in a message; fields are asked for by their number in the schema.

    Every method raises `ValueError` or `struct.error` where the message is no such table.
    """

    def __init__(self, content: bytes, position: int) -> None:
        self._content = content
        self._position = position
        self._fields = position - _I32.unpack_from(content, position)[0]
        if not 0 <= self._fields < len(content):
            raise ValueError("a table has its list of fields outside of the message")
        self._fields_bytes = _U16.unpack_from(content, self._fields)[0]

    @property
    def position(self) -> int:
        """Where the table begins in its message, which is what offsets in a vector lead to."""
        return self._position

    def vector_position(self, field: int) -> int:
        """Where a vector begins in the message: with its count, and then its elements.

        Raises:
            ValueError: The field is left out.
        """
        target = self._target(field)
        if target is None:
            raise ValueError(f"a table lacks its vector {field}")
        return target

    def has(self, field: int) -> bool:
        """Whether a field is stored, and not left out because it has its default."""
        return self._place(field) is not None

    def _place(self, field: int) -> int | None:
        entry = 4 + 2 * field
        if entry + 2 > self._fields_bytes:
            return None
        (offset,) = _U16.unpack_from(self._content, self._fields + entry)
        return self._position + offset if offset else None

    def number(self, field: int, form: str, default: float = 0) -> Any:  # noqa: ANN401
        """A number field, in a format of `struct`."""
        place = self._place(field)
        return default if place is None else struct.unpack_from(f"<{form}", self._content, place)[0]

    def text(self, field: int) -> str:
        """A string field; empty if it is left out."""
        target = self._target(field)
        return "" if target is None else self._text_at(target)

    def table(self, field: int) -> FlatTable | None:
        """A field that is a table; None if it is left out."""
        target = self._target(field)
        return None if target is None else FlatTable(self._content, target)

    def numbers(self, field: int, element: str) -> np.ndarray[Any, Any]:
        """A field that is a vector of numbers, whose type is named as by NumPy."""
        target = self._target(field)
        kind = np.dtype(element)
        if target is None:
            return np.empty(0, kind)
        count = self._count(target, kind.itemsize)
        return np.frombuffer(self._content, kind, count, target + 4)

    def texts(self, field: int) -> list[str]:
        """A field that is a vector of strings."""
        return [self._text_at(target) for target in self._targets(field)]

    def tables(self, field: int) -> list[FlatTable]:
        """A field that is a vector of tables."""
        return [FlatTable(self._content, target) for target in self._targets(field)]

    def _target(self, field: int) -> int | None:
        place = self._place(field)
        return None if place is None else self._follow(place)

    def _targets(self, field: int) -> list[int]:
        target = self._target(field)
        if target is None:
            return []
        count = self._count(target, 4)
        return [self._follow(target + 4 + 4 * index) for index in range(count)]

    def _follow(self, place: int) -> int:
        target: int = place + _U32.unpack_from(self._content, place)[0]
        if target >= len(self._content):
            raise ValueError("a field points outside of the message")
        return target

    def _count(self, target: int, item_bytes: int) -> int:
        count: int = _U32.unpack_from(self._content, target)[0]
        if count * item_bytes > min(_LONGEST, len(self._content) - target):
            raise ValueError("a vector is longer than the message")
        return count

    def _text_at(self, target: int) -> str:
        count = self._count(target, 1)
        return self._content[target + 4 : target + 4 + count].decode()


def root_table(content: bytes) -> FlatTable:
    """The root table of a message.

    Raises:
        ValueError, struct.error: The bytes are no message.
    """
    return FlatTable(content, _U32.unpack_from(content, 0)[0])
