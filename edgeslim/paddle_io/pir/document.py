"""The structure of the file ``inference.json``, and whether a JSON document has it.

A document is ``{"base_code": {"magic": "pir", "version": 4}, "program": {"regions": […]}}``. Keys
are short: ``#`` is the kind of something, ``%`` a value's number, ``I`` and ``O`` operands and
results, ``A`` attributes with name ``N`` and value ``AT``, ``D`` data, ``TT`` a type. Dialects are
numbers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import field

from edgeslim.errors import BadFileError, ModelError
from edgeslim.files import read_bytes

__all__ = [
    "NEWEST_VERSION",
    "PirDocument",
    "WrittenAttribute",
    "WrittenOperator",
    "WrittenResult",
    "WrittenValue",
    "read_document",
]

NEWEST_VERSION: Final = 4
"""The newest version of the format that is read: 1 is Paddle 3.0's, 4 is 3.3's."""


class WrittenValue(msgspec.Struct, gc=False):
    """A type, or the value of an attribute."""

    kind: str = field(name="#")
    data: Any = field(name="D", default=None)
    not_finite: str = field(name="VD", default="")


class WrittenAttribute(msgspec.Struct, gc=False):
    """An attribute's name, and its value as text, which is decoded once for all that are equal."""

    name: str = field(name="N")
    value: msgspec.Raw = field(name="AT")


class WrittenResult(msgspec.Struct, gc=False):
    """A result's number, and its type as text."""

    number: int = field(name="%")
    type: msgspec.Raw = field(name="TT")


class _Operand(msgspec.Struct, gc=False):
    number: int = field(name="%")


class WrittenOperator(msgspec.Struct, gc=False):
    """An operator, or a parameter.

    For a parameter, ``A`` has three flags and the name, and ``OA`` begins with whether the file of
    parameters has it.
    """

    name: str = field(name="#")
    results: WrittenResult | tuple[WrittenResult, ...] = field(name="O")
    attributes: tuple[int | str | WrittenAttribute, ...] = field(name="A", default=())
    operands: tuple[_Operand, ...] = field(name="I", default=())
    of_results: msgspec.Raw = field(name="OA", default=msgspec.Raw(b"[]"))
    regions: tuple[Any, ...] = ()


class _Block(msgspec.Struct):
    operators: list[WrittenOperator] = field(name="ops")


class _Region(msgspec.Struct):
    blocks: list[_Block]


class _Program(msgspec.Struct):
    regions: list[_Region]


class _Header(msgspec.Struct):
    magic: str = ""
    version: Any = None


class _Head(msgspec.Struct):
    """The part of a document that says what kind of file it is."""

    base_code: _Header = field(default_factory=_Header)


class PirDocument(msgspec.Struct):
    """The parts of a file that describe the program."""

    program: _Program
    base_code: _Header = field(default_factory=_Header)


_HEAD_DECODER = msgspec.json.Decoder(_Head)
_DOCUMENT_DECODER = msgspec.json.Decoder(PirDocument)


def read_document(path: Path) -> tuple[PirDocument, int]:
    """Reads the document in a file, and the version of its format.

    Raises:
        BadFileError: The file is missing, cut off, or no program of Paddle's.
        ModelError: The version is newer than those that edgeslim knows.
    """
    content = read_bytes(path)
    if not content.strip():
        raise BadFileError(f"{path} is empty; copy or download it again")
    try:
        document = _DOCUMENT_DECODER.decode(content)
    except msgspec.ValidationError as error:
        try:
            _version(_HEAD_DECODER.decode(content).base_code, path)
        except msgspec.ValidationError as other:
            raise BadFileError(f"{path} is no program of Paddle 3: {other}") from other
        raise BadFileError(f"{path} is damaged: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if "truncated" in str(error):
            raise BadFileError(
                f"{path} is cut off: it ends in the middle of the program; "
                "copy or download it again"
            ) from error
        raise BadFileError(f"{path} is no JSON document: {error}") from error
    return document, _version(document.base_code, path)


def _version(header: _Header, path: Path) -> int:
    """The version of the format.

    Raises:
        BadFileError: The header is not that of this format.
        ModelError: The version is newer than those that edgeslim knows.
    """
    if header.magic != "pir":
        raise BadFileError(
            f"{path} is no program of Paddle 3: it does not say that it is one (magic 'pir')"
        )
    if type(header.version) is not int:
        raise BadFileError(f"{path} does not say its format's version, but {header.version!r}")
    if header.version > NEWEST_VERSION:
        raise ModelError(
            f"{path} is of version {header.version} of Paddle's format and edgeslim reads up to "
            f"{NEWEST_VERSION} (Paddle 3.0 to 3.3); update edgeslim, or save the model again with "
            "paddlepaddle==3.3.1"
        )
    return header.version
