"""Pixels of every kind are scaled to 8 bits, and what is transparent is laid on white."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

__all__ = ["lay_on_white", "scale_to_eight_bits"]

_log = logging.getLogger(__name__)

_EIGHT, _SIXTEEN = 255.0, 65535.0
"""The value of white, in pixels of 8 and of 16 bits."""

_DARK = 1 / 16
"""A 16-bit photo that is all below this fraction of white has 12 bits or fewer; 16 greys remain."""

_TRANSPARENT = ("LA", "La", "PA", "RGBA", "RGBa")


def scale_to_eight_bits(photo: Image.Image, path: Path) -> Image.Image:
    """Scales deep grey pixels of a decoded photo (16 and 32 bits, fractions) to 8 bits.

    With 16 bits, 65,535 is white. No file says what white is in whole numbers of 32 bits and in
    fractions: it is the least of 1 (fractions alone), 255 and 65,535 that nothing exceeds.

    Raises:
        ValueError: Pixels below 0 or beyond 16 bits, or that are no number.
    """
    from PIL import Image

    if photo.mode not in {"F", "I"} and not photo.mode.startswith("I;"):
        return photo
    pixels = np.asarray(photo).astype(np.float64)
    white = _white(pixels, photo)
    if white == _SIXTEEN and pixels.max() < white * _DARK:
        _log.warning(
            "%s has 16 bits a pixel and nothing brighter than %d of 65535, so it looks almost "
            "black; scale photos of fewer bits up first",
            path,
            pixels.max(),
            extra={"about": "dark photos of 16 bits"},
        )
    return Image.fromarray(np.rint(pixels * (_EIGHT / white)).astype(np.uint8))


def _white(pixels: NDArray[np.float64], photo: Image.Image) -> float:
    if photo.mode.startswith("I;") or photo.format in {"PNG", "PPM"}:
        return _SIXTEEN
    lowest, highest = float(pixels.min()), float(pixels.max())
    if not (lowest >= 0 and highest <= _SIXTEEN):  # also what is no number
        raise ValueError(
            f"its pixels are from {lowest:g} to {highest:g}, and nothing says what white is; "
            "save it with 8 or 16 bits a pixel"
        )
    least = (1.0, _EIGHT, _SIXTEEN) if photo.mode == "F" else (_EIGHT, _SIXTEEN)
    return next(white for white in least if highest <= white)


def lay_on_white(photo: Image.Image) -> Image.Image:
    """Lays a photo on white; one without transparency is returned as it is."""
    from PIL import Image

    info: dict[Any, Any] = photo.info
    if photo.mode not in _TRANSPARENT and "transparency" not in info:
        return photo
    if photo.mode == "La":
        photo = photo.convert("LA")
    colours = photo.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", colours.size, "white"), colours)
