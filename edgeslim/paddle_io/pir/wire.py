"""Protobuf's encoding of texts and messages within messages, without an object for each.

A field is its tag, the length of its content, and the content; a message is its fields one after
the other (protobuf.dev, "Encoding"). Python's objects for messages take several times as long as
to join bytes, and a program has thousands.
"""

from __future__ import annotations

from functools import cache
from typing import Any

__all__ = ["delimited", "field", "tag"]

_DELIMITED = 2
"""The wire type of fields whose length comes before their content."""


def tag(message: Any, name: str) -> bytes:  # noqa: ANN401 - a generated class
    """What comes before a field of texts or messages, by the field's name."""
    number: int = message.DESCRIPTOR.fields_by_name[name].number
    return _varint(number << 3 | _DELIMITED)


def field(tag: bytes, content: bytes) -> bytes:
    """A field of a tag: a text as UTF-8, or the fields of a message."""
    return tag + _varint(len(content)) + content


def delimited(content: bytes) -> bytes:
    """A field without its tag."""
    return _varint(len(content)) + content


@cache
def _varint(number: int) -> bytes:
    """A number in groups of seven bits, lowest first; each but the last has its top bit set."""
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)
