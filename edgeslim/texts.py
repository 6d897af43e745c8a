"""Text files as other programs write them: any Unicode encoding, and any line ends."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable
from pathlib import Path

from edgeslim.errors import BadFileError

__all__ = ["NATIONAL_ENCODINGS", "decode_text", "read_lines"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16's, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

NATIONAL_ENCODINGS = (
    *("gb18030", "big5", "cp932", "cp949", "euc_jp", "cp1251", "koi8_r", "cp1250", "cp1252"),
    *("cp1253", "cp1254", "cp1255", "cp1256", "cp874", "cp1258"),
)
"""Encodings of one language, which can only be told apart by the expected content."""


def decode_text(content: bytes, fits: Callable[[str], bool] = lambda _: False) -> str:
    """Decodes a text by its byte order mark, as UTF-8, or in the national encoding that fits.

    Args:
        content: Bytes of the text.
        fits: Says whether a text is as expected; called for national encodings only.

    Raises:
        UnicodeDecodeError: It is not UTF-8, and no national encoding fits.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        for encoding in NATIONAL_ENCODINGS:
            try:
                text = content.decode(encoding)
            except UnicodeDecodeError:
                continue
            if fits(text):
                return text
        raise


def read_lines(path: Path, fits: Callable[[str], bool] = lambda _: False) -> list[str]:
    """Reads the lines of a file, without any kind of line ends.

    Args:
        path: File to be read.
        fits: Says whether a text is as expected; see `decode_text`.

    Raises:
        BadFileError: It cannot be read, or is not text.
    """
    try:
        text = decode_text(path.read_bytes(), fits)
    except OSError as error:
        raise BadFileError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise BadFileError(
            f"{path} is not text in UTF-8: {error.reason} at byte {error.start}; if it is in a "
            f"national encoding, rewrite it: iconv -f gb18030 -t utf-8 '{path}'"
        ) from error
    return io.StringIO(text, newline=None).read().split("\n")
