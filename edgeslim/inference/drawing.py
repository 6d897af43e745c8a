"""Draws boxes on a picture, each class in a colour of its own."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.files import write_bytes
from edgeslim.inference.interpretation import FoundBox
from edgeslim.photos import open_photo

if TYPE_CHECKING:
    from PIL import Image, ImageFont

__all__ = ["class_colour", "draw_boxes"]

_GOLDEN = 0.618034
"""Hues this share of the colour circle apart stay apart, however many there are."""

_LINE_SHARE, _TEXT_SHARE = 1 / 200, 1 / 32
"""Widths of lines and heights of letters, as shares of the picture's shorter side."""

_FONTS = (
    *("NotoSansCJK-Regular.ttc", "wqy-microhei.ttc", "DroidSansFallbackFull.ttf"),
    *("msyh.ttc", "simhei.ttf", "PingFang.ttc", "DejaVuSans.ttf"),
)
"""Fonts of the system that are tried for names beyond Latin letters."""


def draw_boxes(picture: Path, found: Sequence[FoundBox], out: Path) -> None:
    """Writes a picture with boxes, names and scores as a PNG, the highest score on top.

    Raises:
        BadFileError: The file is no picture.
        UnwritableError: The result cannot be written.
    """
    from PIL import ImageDraw

    image = open_photo(picture, 3)
    draw = ImageDraw.Draw(image)
    side = min(image.size)
    line, size = max(2, round(side * _LINE_SHARE)), max(11, round(side * _TEXT_SHARE))
    for box in reversed(found):
        edges = _pixels(box, image)
        colour = class_colour(box.number)
        draw.rectangle(edges, outline=colour, width=line)
        label, font = _lettering(f"{box.label} {box.score:.0%}", box, size)
        width = draw.textlength(label, font=font)
        # Above the box, or in it where the picture ends; never out of the picture.
        left = max(0.0, min(edges[0], image.width - width - 2 * line))
        upper = edges[1] - size - 2 * line
        upper = edges[1] if upper < 0 else upper
        ground = (left, upper, left + width + 2 * line, upper + size + 2 * line)
        draw.rectangle(ground, fill=colour)
        draw.text((left + line, upper + line), label, fill=_readable_on(colour), font=font)
    stream = BytesIO()
    image.save(stream, format="PNG")
    write_bytes(out, stream.getvalue())


def class_colour(number: int) -> tuple[int, int, int]:
    """A strong colour for a class, the same in every picture."""
    lightness = 0.5 if number % 2 == 0 else 0.38
    red, green, blue = colorsys.hls_to_rgb(number * _GOLDEN % 1, lightness, 0.9)
    return round(red * 255), round(green * 255), round(blue * 255)


def _pixels(found: FoundBox, image: Image.Image) -> tuple[int, int, int, int]:
    """Edges of a box in pixels, all of them within the picture."""
    left, top, right, bottom = found.box
    across, down = image.width - 1, image.height - 1
    first = min(round(left * image.width), across), min(round(top * image.height), down)
    last = min(round(right * image.width), across), min(round(bottom * image.height), down)
    return (*first, max(first[0], last[0]), max(first[1], last[1]))


def _readable_on(colour: tuple[int, int, int]) -> str:
    """Black or white, whichever contrasts more with a colour (weights of ITU-R BT.601)."""
    red, green, blue = colour
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "white"


def _lettering(
    label: str, found: FoundBox, size: int
) -> tuple[str, ImageFont.ImageFont | ImageFont.FreeTypeFont]:
    """Chooses text and font; the class's number where no font has the letters of its name."""
    from PIL import ImageFont

    if label.isascii():
        return label, ImageFont.load_default(size)
    for name in _FONTS:
        try:
            font = ImageFont.truetype(name, size)
        except OSError:
            continue
        if _has_letters(font, label):
            return label, font
    return f"class {found.number} {found.score:.0%}", ImageFont.load_default(size)


def _has_letters(font: ImageFont.FreeTypeFont, label: str) -> bool:
    """Whether a font has all letters: those it lacks look like a letter that no font has."""
    missing = bytes(font.getmask("\uffff"))
    return all(bytes(font.getmask(letter)) != missing for letter in label if not letter.isascii())
