"""A small data set in the format of PASCAL VOC, of real images: digits on photographs.

Handwritten digits lie at random places, in random sizes and colours, on parts of the two sample
photographs of scikit-learn, which must be installed; where they are is known. Digits and parts
of the photographs that are learnt from are none of those to be judged by. It downloads nothing.

    python benchmarks/small_voc.py FOLDER [--train 200] [--validation 100] [--side 160] [--seed 0]
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images

from edgeslim.files import write_bytes

__all__ = ["write_small_voc"]

_MOST = 3
_SIZES = (0.22, 0.5)
"""Of a digit, as shares of the image's side."""
_FAINT_SHARE, _FAINT = 0.1, 0.3
"""So many digits are faint, and marked as difficult."""
_LEARNT_SHARE = 0.7
"""Of the digits and of the width of the photographs."""


def write_small_voc(
    folder: Path,
    *,
    train: int,
    validation: int,
    side: int = 160,
    kinds: Sequence[int] = tuple(range(10)),
    seed: int = 0,
) -> None:
    """Writes the data set.

    Args:
        folder: Gets JPEGImages, Annotations, ImageSets/Main and labels.txt.
        train: Images to learn from.
        validation: Images to be judged by.
        side: Of the images, in pixels; at most 400.
        kinds: Digits that are drawn, each a class.
        seed: Decides everything.
    """
    digits = load_digits()
    rng = np.random.default_rng(seed)
    for part, count in (("train", train), ("val", validation)):
        chosen = _of_part(np.arange(len(digits.target)), part)
        chosen = chosen[np.isin(digits.target[chosen], kinds)]
        photos = [_of_part(photo.swapaxes(0, 1), part) for photo in load_sample_images().images]
        names = [f"{part}_{number:05d}" for number in range(count)]
        for name in names:
            image = _ground(photos[rng.integers(len(photos))].swapaxes(0, 1), side, rng)
            objects = _place(image, digits.images[chosen], digits.target[chosen], rng)
            write_bytes(folder / "JPEGImages" / f"{name}.jpg", _jpeg(image))
            xml = _annotation(f"{name}.jpg", side, objects)
            write_bytes(folder / "Annotations" / f"{name}.xml", xml)
        listed = "".join(f"{name}\n" for name in names)
        write_bytes(folder / "ImageSets" / "Main" / f"{part}.txt", listed.encode())
    write_bytes(folder / "labels.txt", "".join(f"{_name(kind)}\n" for kind in kinds).encode())


def _of_part(values: NDArray[Any], part: str) -> NDArray[Any]:
    """The first or the last of some values, along the first axis."""
    border = round(_LEARNT_SHARE * len(values))
    return values[:border] if part == "train" else values[border:]


def _name(kind: int) -> str:
    return f"digit-{kind}"


def _ground(photo: NDArray[np.uint8], side: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A random square of a photograph ``(h, w, 3)``, brought to ``(side, side, 3)``."""
    height, width, _ = photo.shape
    extent = int(rng.integers(min(side, height, width) // 2, min(height, width) + 1))
    top, left = rng.integers(height - extent + 1), rng.integers(width - extent + 1)
    square = Image.fromarray(photo[top : top + extent, left : left + extent])
    return np.asarray(square.resize((side, side), Image.Resampling.BILINEAR), np.float64)


def _place(
    image: NDArray[np.float64],
    digits: NDArray[np.float64],
    classes: NDArray[np.int64],
    rng: np.random.Generator,
) -> list[tuple[str, tuple[int, int, int, int], bool]]:
    """Draws one to three digits that do not touch; name, edges in pixels, whether difficult."""
    side = len(image)
    objects: list[tuple[str, tuple[int, int, int, int], bool]] = []
    free = np.ones((side, side), bool)
    for _ in range(int(rng.integers(1, _MOST + 1))):
        digit = int(rng.integers(len(digits)))
        ink = _ink(digits[digit], round(side * rng.uniform(*_SIZES)))
        height, width = ink.shape
        top, left = rng.integers(side - height + 1), rng.integers(side - width + 1)
        place = (slice(top, top + height), slice(left, left + width))
        faint = bool(rng.random() < _FAINT_SHARE)
        colour = rng.choice([0, 255], 3) * (1 - rng.uniform(0, 0.2, 3))
        if not free[place].all():
            continue
        free[place] = False
        cover = ink[..., None] * (_FAINT if faint else 1.0)
        image[place] = image[place] * (1 - cover) + colour * cover
        edges = (int(left), int(top), int(left + width), int(top + height))
        objects.append((_name(int(classes[digit])), edges, faint))
    return objects


def _ink(digit: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """A digit ``(8, 8)`` of 0 to 16, enlarged, from 0 to 1, without the empty rim."""
    grey = Image.fromarray((digit * 255 / 16).astype(np.uint8))
    ink = np.asarray(grey.resize((size, size), Image.Resampling.BICUBIC), np.float64) / 255
    rows, columns = (np.flatnonzero((ink > 0.2).any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _jpeg(image: NDArray[np.float64]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.rint(image).astype(np.uint8)).save(file, "JPEG", quality=92)
    return file.getvalue()


def _annotation(
    file: str, side: int, objects: list[tuple[str, tuple[int, int, int, int], bool]]
) -> bytes:
    """XML of VOC, whose pixels count from 1 and belong to the box up to the last."""
    root = ET.Element("annotation")
    ET.SubElement(root, "filename").text = file
    size = ET.SubElement(root, "size")
    for key, value in (("width", side), ("height", side), ("depth", 3)):
        ET.SubElement(size, key).text = str(value)
    for name, (left, top, right, bottom), difficult in objects:
        each = ET.SubElement(root, "object")
        ET.SubElement(each, "name").text = name
        ET.SubElement(each, "difficult").text = str(int(difficult))
        box = ET.SubElement(each, "bndbox")
        for key, value in (
            ("xmin", left + 1),
            ("ymin", top + 1),
            ("xmax", right),
            ("ymax", bottom),
        ):
            ET.SubElement(box, key).text = str(value)
    ET.indent(root)
    content: bytes = ET.tostring(root, encoding="utf-8")
    return content


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--train", type=int, default=200)
    parser.add_argument("--validation", type=int, default=100)
    parser.add_argument("--side", type=int, default=160)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    write_small_voc(
        given.folder,
        train=given.train,
        validation=given.validation,
        side=given.side,
        seed=given.seed,
    )


if __name__ == "__main__":
    main()
