"""Plots on disk: PNG or SVG by their name, never half-written."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.errors import UsageError
from edgeslim.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["check_picture", "save_picture"]

_SUFFIXES = (".png", ".svg")


def check_picture(out: Path) -> None:
    """Checks that a plot can have this name, before any work is done for it.

    Raises:
        UsageError: It is neither a PNG nor an SVG.
    """
    if out.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"{out} must end with {' or '.join(_SUFFIXES)}")


def save_picture(figure: Figure, out: Path) -> None:
    """Writes a figure as PNG or SVG.

    Raises:
        UsageError: The name is neither a PNG's nor an SVG's.
        UnwritableError: Read-only folder, full disk.
    """
    check_picture(out)
    picture = BytesIO()
    figure.savefig(picture, format=out.suffix.lower()[1:], dpi=150)
    write_bytes(out, picture.getvalue())
