"""Names the kind of a file that is no photo, by its first bytes."""

from __future__ import annotations

from pathlib import Path

__all__ = ["unreadable_content"]

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

_STARTS = (
    (
        (b"<!doctype html", b"<html"),
        "a web page, perhaps of a download that failed; fetch it again",
    ),
    ((b"version https://git-lfs",), "a pointer of Git LFS; git lfs pull fetches the photo"),
    ((b"<svg", b"<?xml"), "XML, as drawings are; make a PNG of it first"),
    ((b"%pdf",), "a PDF; make a PNG of its page first"),
)
"""First bytes of files, in small letters, and what such files are."""


def unreadable_content(path: Path) -> str:
    """Text that says what a file is instead of a photo, and what to do; empty if unknown."""
    try:
        with path.open("rb") as stream:
            start = stream.read(64)
    except OSError:
        return ""
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    what = next((what for starts, what in _STARTS if text.startswith(starts)), "")
    if not start:
        what = "empty"
    elif not start.strip(b"\0"):
        what = "zeros at its beginning, perhaps of a copy that was interrupted; copy it again"
    elif start[4:8] == b"ftyp" and start[8:12] in _HEIC_BRANDS:
        what = (
            "a HEIC photo, as iPhones take; make a JPEG of it first, as by "
            f"heif-convert '{path.name}' '{path.stem}.jpg' (package libheif-examples)"
        )
    return f": it is {what}" if what else ""
