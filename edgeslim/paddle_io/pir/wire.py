"""Protobuf's encoding of texts and nested messages, without an object for each message.

A field is its tag, the length of its content, and the content; a message is its fields one after
the other (protobuf.dev, "Encoding"). Making Python's objects for messages takes several times as
long as joining bytes, and a program has thousands of them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

__all__ = ["encode_delimited", "encode_field", "encode_tag"]

_DELIMITED = 2
"""The wire type of fields whose length comes before their content."""


def encode_tag(message: Any, name: str) -> bytes:  # noqa: ANN401 - a generated class
    """The tag of a field of texts or messages, by the message's class and the field's name."""
    number: int = message.DESCRIPTOR.fields_by_name[name].number
    return _varint(number << 3 | _DELIMITED)


def encode_field(tag: bytes, content: bytes) -> bytes:
    """A field of a tag and its content: a text in UTF-8, or the fields of a message."""
    return tag + _varint(len(content)) + content


def encode_delimited(content: bytes) -> bytes:
    """A field's content behind its length, without the tag."""
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
