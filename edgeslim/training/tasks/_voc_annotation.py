"""Reads XML files with the objects of one photo, in the format of PASCAL VOC.

Files come from anywhere and are not trusted: a document type, and with it entities that expand
or refer to other files, is refused, and so is a file that is too large for a list of boxes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers.expat import ExpatError, ParserCreate

from edgeslim.errors import BadFileError
from edgeslim.texts import decode_text
from edgeslim.training.tasks._class_folders import same_name

__all__ = ["VocAnnotation", "VocObject", "read_annotation"]

_MOST_BYTES = 1 << 20
"""The largest file of VOC 2007 and 2012 has 13 kB."""

_BOOLEANS = {"0": False, "1": True, "false": False, "true": True}


_DECLARATION = re.compile(r"\s*<\?xml.*?\?>", re.DOTALL)
_ENCODING = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)[\"']")
_NAMES = re.compile(rb"<name>(.*?)</name>", re.DOTALL)

_WIDER_ENCODINGS = {
    **dict.fromkeys(("gb2312", "gbk", "x-gbk"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987"), "cp949"),
}
"""Encodings by declared names, for which programs write more letters than the standards have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VocObject:
    """An object of a photo.

    Args:
        name: Name of the object's class.
        box: Left, top, right and bottom as pixel numbers from 1, all inside the box.
        difficult: Whether a detector need not find it.
    """

    name: str
    box: tuple[float, float, float, float]
    difficult: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class VocAnnotation:
    """The content of one annotation file.

    Args:
        size: Width and height of the photo, if the file has them.
        objects: The objects in the order of the file.
    """

    size: tuple[int, int] | None
    objects: tuple[VocObject, ...]


def read_annotation(path: Path, class_names: Sequence[str] = ()) -> VocAnnotation:
    """Reads an annotation.

    Args:
        path: The annotation file to read.
        class_names: Known names of classes, by which an undeclared encoding is found.

    Raises:
        BadFileError: Missing, too large, no XML, with a document type, in an unknown encoding,
            or without what an annotation must have.
    """
    root = _parse(path, class_names)
    if root.tag != "annotation":
        raise BadFileError(f"{path} is no annotation of VOC: it holds <{root.tag}>")
    return VocAnnotation(
        size=_size(root),
        objects=tuple(
            _object(path, number, element)
            for number, element in enumerate(root.findall("object"), 1)
        ),
    )


def _parse(path: Path, class_names: Sequence[str]) -> Element:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BadFileError(f"{path} has more than {_MOST_BYTES} bytes; that is no annotation")
        content = path.read_bytes()
    except FileNotFoundError:
        raise BadFileError(f"there is no annotation {path}") from None
    except OSError as error:
        raise BadFileError(f"cannot read {path}: {error.strerror or error}") from error
    text = _DECLARATION.sub("", _text(path, content, class_names), count=1)

    def refuse(*_: object) -> None:
        raise BadFileError(f"{path} has a document type (<!DOCTYPE ...>); annotations have none")

    builder, parser = TreeBuilder(), ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(text.encode(), True)
    except ExpatError as error:
        raise BadFileError(f"{path} is no XML: {error}") from error
    return builder.close()


def _text(path: Path, content: bytes, class_names: Sequence[str]) -> str:
    """An annotation's text, in the encoding that it declares or that its classes reveal.

    Where only folders and file names have letters beyond ASCII, as annotation programs write
    them, any encoding will do: they are not read.
    """
    if (declared := _declared_text(content)) is not None:
        return declared
    known = set(class_names)

    def fits(text: str) -> bool:
        names = re.findall(r"<object>\s*<name>(.*?)</name>", text, re.DOTALL)
        return bool(names) and {same_name(name.strip()) for name in names} <= known

    try:
        return decode_text(content, fits)
    except UnicodeDecodeError as error:
        if all(name.isascii() for name in _NAMES.findall(content)):
            return content.decode("latin-1")
        raise BadFileError(
            f"{path} is no UTF-8 ({error.reason} at byte {error.start}) and does not declare its "
            "encoding; write the names of all classes into labels.txt, in UTF-8, by which it is "
            f"found, or rewrite it: iconv -f gb18030 -t utf-8 '{path}'"
        ) from error


def _declared_text(content: bytes) -> str | None:
    """The text in its declared encoding; None if none is declared, or a wrong one."""
    if content[:4] in {b"<\0?\0", b"\0<\0?"}:  # UTF-16 without a mark
        return content.decode("utf-16-le" if content[0] else "utf-16-be", "replace")
    if not (found := _ENCODING.match(content)):
        return None
    name = found[1].decode().lower()
    try:
        text = content.decode(_WIDER_ENCODINGS.get(name, name))
    except (LookupError, UnicodeError):
        return None
    return text if text.lstrip().startswith("<") else None


def _size(root: Element) -> tuple[int, int] | None:
    """Width and height, which many programs leave out or write as 0."""
    try:
        size = tuple(round(float(root.findtext(f"size/{key}") or 0)) for key in ("width", "height"))
    except (ValueError, OverflowError):
        return None
    return (size[0], size[1]) if min(size) > 0 else None


def _object(path: Path, number: int, element: Element) -> VocObject:
    where = f"{path}: object {number}"
    name = same_name((element.findtext("name") or "").strip())
    if not name:
        raise BadFileError(f"{where} has no <name>")
    box = element.find("bndbox")
    if box is None:
        raise BadFileError(f"{where} ({name}) has no <bndbox>")
    left, top, right, bottom = (
        _number(where, box, key) for key in ("xmin", "ymin", "xmax", "ymax")
    )
    difficult = (element.findtext("difficult") or "").strip() or "0"
    if difficult.lower() not in _BOOLEANS:
        raise BadFileError(f"{where} ({name}) has <difficult> {difficult!r}, not 0 or 1")
    return VocObject(
        name=name, box=(left, top, right, bottom), difficult=_BOOLEANS[difficult.lower()]
    )


def _number(where: str, box: Element, key: str) -> float:
    text = (box.findtext(key) or "").strip()
    try:
        value = float(text)  # some files of VOC 2011 have fractions of pixels
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadFileError(f"{where} has <{key}> {text!r}, which is no number")
    return value
