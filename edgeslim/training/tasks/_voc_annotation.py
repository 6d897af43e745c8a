"""The XML file that says what is in one photo, in the format of PASCAL VOC.

Files come from anywhere, so they are read with suspicion: a document type, and with it
entities that grow or lead elsewhere, is refused, and so is a file too large for a list of boxes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers.expat import ExpatError, ParserCreate

from edgeslim.errors import BadFileError

__all__ = ["VocObject", "read_annotation"]

_MOST_BYTES = 1 << 20
"""The largest file of VOC 2007 and 2012 has 13 kB."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VocObject:
    """One object.

    Args:
        name: Of its class.
        box: Left, top, right and bottom as pixel numbers from 1, all within the box.
        difficult: It need not be found.
    """

    name: str
    box: tuple[float, float, float, float]
    difficult: bool


def read_annotation(path: Path) -> tuple[VocObject, ...]:
    """The objects of an annotation, in the order of the file.

    Raises:
        BadFileError: Missing, too large, no XML, with a document type, or without what an
            annotation must have.
    """
    root = _parsed(path)
    if root.tag != "annotation":
        raise BadFileError(f"{path} is no annotation of VOC: it holds <{root.tag}>")
    return tuple(
        _object(path, number, element) for number, element in enumerate(root.findall("object"), 1)
    )


def _parsed(path: Path) -> Element:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BadFileError(f"{path} has more than {_MOST_BYTES} bytes; that is no annotation")
        content = path.read_bytes()
    except FileNotFoundError:
        raise BadFileError(f"there is no annotation {path}") from None
    except OSError as error:
        raise BadFileError(f"cannot read {path}: {error.strerror or error}") from error

    def refuse(*_: object) -> None:
        raise BadFileError(f"{path} has a document type (<!DOCTYPE ...>); annotations have none")

    builder, parser = TreeBuilder(), ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(content, True)
    except ExpatError as error:
        raise BadFileError(f"{path} is no XML: {error}") from error
    return builder.close()


def _object(path: Path, number: int, element: Element) -> VocObject:
    where = f"{path}: object {number}"
    name = (element.findtext("name") or "").strip()
    if not name:
        raise BadFileError(f"{where} has no <name>")
    box = element.find("bndbox")
    if box is None:
        raise BadFileError(f"{where} ({name}) has no <bndbox>")
    left, top, right, bottom = (
        _number(where, box, key) for key in ("xmin", "ymin", "xmax", "ymax")
    )
    difficult = (element.findtext("difficult") or "0").strip()
    if difficult not in {"0", "1"}:
        raise BadFileError(f"{where} ({name}) has <difficult> {difficult!r}, not 0 or 1")
    return VocObject(name=name, box=(left, top, right, bottom), difficult=difficult == "1")


def _number(where: str, box: Element, key: str) -> float:
    text = (box.findtext(key) or "").strip()
    try:
        value = float(text)  # some files of VOC 2011 have fractions of pixels
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadFileError(f"{where} has <{key}> {text!r}, which is no number")
    return value
