"""Data sets in the format of VOC: of real images, and of what a test writes itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.tools import benchmark

__all__ = ["annotation", "write_photo", "write_small_voc", "write_voc"]


write_small_voc: Callable[..., None] = benchmark("small_voc").write_small_voc

Object = tuple[str, tuple[float, float, float, float], int]
"""Name, box as VOC counts it, and whether difficult."""


def annotation(objects: Sequence[Object]) -> str:
    inner = "".join(
        f"<object><name>{name}</name><difficult>{difficult}</difficult><bndbox>"
        f"<xmin>{box[0]}</xmin><ymin>{box[1]}</ymin><xmax>{box[2]}</xmax><ymax>{box[3]}</ymax>"
        "</bndbox></object>"
        for name, box, difficult in objects
    )
    return f"<annotation><filename>any.jpg</filename>{inner}</annotation>"


def write_photo(path: Path, pixels: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)


def write_voc(
    folder: Path,
    photos: Mapping[str, Sequence[Object]],
    lists: Mapping[str, Sequence[str]],
    *,
    size: tuple[int, int] = (40, 20),
) -> Path:
    """Plain grey photos of a width and height, with annotations and lists."""
    for name, objects in photos.items():
        write_photo(folder / "JPEGImages" / f"{name}.png", np.full((size[1], size[0], 3), 99))
        file = folder / "Annotations" / f"{name}.xml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(annotation(objects))
    for name, keys in lists.items():
        file = folder / "ImageSets" / "Main" / f"{name}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{key}\n" for key in keys))
    return folder
