"""Photos of every kind that people have, opened to the pixels that they show."""

from __future__ import annotations

import logging
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgeslim.errors import BadFileError
from edgeslim.photos import open_photo, photo_fault, read_header

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
SEEN = np.array([[RED, GREEN], [BLUE, BLACK], [WHITE, WHITE]], np.uint8)
"""Upright: two wide and three high, and no two corners alike but the lower ones."""

STORED: dict[int, Any] = {
    1: SEEN,
    2: SEEN[:, ::-1],
    3: SEEN[::-1, ::-1],
    4: SEEN[::-1],
    5: SEEN.transpose(1, 0, 2),
    6: np.rot90(SEEN),  # the camera was turned right, so its rows run up the scene's columns
    7: SEEN[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90(SEEN, -1),
}
"""What EXIF's orientations say of where a file's first row and column are in the scene:
1 top left, 2 top right, 3 bottom right, 4 bottom left, 5 left top, 6 right top, 7 right bottom,
8 left bottom."""


def exif(orientation: object) -> Image.Exif:
    found = Image.Exif()
    found[0x0112] = orientation
    return found


def save(path: Path, pixels: Any, mode: str | None = None, **options: Any) -> Path:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    (image if mode is None else image.convert(mode)).save(path, **options)
    return path


@pytest.mark.parametrize("ending", ["png", "webp", "tif"])
@pytest.mark.parametrize("orientation", STORED)
def test_photos_are_upright(orientation: int, ending: str, tmp_path: Path) -> None:
    lossless: dict[str, Any] = {"lossless": True} if ending == "webp" else {}
    path = tmp_path / f"a.{ending}"
    save(path, STORED[orientation], exif=exif(orientation), **lossless)
    photo = open_photo(path, 3)
    assert np.array_equal(np.asarray(photo), SEEN)
    assert photo.size == read_header(path).upright == (2, 3)


def test_a_jpeg_of_a_telephone_is_upright(tmp_path: Path) -> None:
    seen = np.zeros((64, 32, 3), np.uint8)
    seen[:16] = RED  # the sky
    path = save(tmp_path / "a.JPG", np.rot90(seen), exif=exif(6), quality=95)
    assert read_header(path).stored == (64, 32)
    pixels = np.asarray(open_photo(path, 3)).astype(int)
    assert pixels.shape == (64, 32, 3)
    assert pixels[4, 16, 0] > 240
    assert pixels[60, 16].max() < 16


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_orientations_that_are_none_turn_nothing(orientation: int, tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", SEEN, exif=exif(orientation))
    assert np.array_equal(np.asarray(open_photo(path, 3)), SEEN)


def test_a_png_says_how_it_lies_behind_its_pixels_too(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", STORED[6])
    content, tags = path.read_bytes(), exif(6).tobytes().removeprefix(b"Exif\0\0")
    chunk = b"eXIf" + tags
    chunk = struct.pack(">I", len(tags)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    path.write_bytes(content[:-12] + chunk + content[-12:])
    assert np.array_equal(np.asarray(open_photo(path, 3)), SEEN)
    assert read_header(path).upright == (2, 3)


DEEP = np.array([[0, 257, 32768], [40000, 65534, 65535]], np.uint16)
SHALLOW = np.array([[0, 1, 128], [156, 255, 255]])
"""The same in 8 bits: divided by 257, and rounded."""


@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize("channels", [1, 3])
def test_16_bits_are_scaled(ending: str, channels: int, tmp_path: Path) -> None:
    path = save(tmp_path / f"a.{ending}", DEEP)
    pixels = np.asarray(open_photo(path, channels))
    assert pixels.shape == ((2, 3) if channels == 1 else (2, 3, 3))
    assert np.array_equal(pixels.reshape(2, 3, -1)[..., 0], SHALLOW)


def test_16_bits_of_a_pgm_are_scaled(tmp_path: Path) -> None:
    path = tmp_path / "a.pgm"
    path.write_bytes(b"P5 3 2 65535\n" + DEEP.astype(">u2").tobytes())
    assert np.array_equal(np.asarray(open_photo(path, 1)), SHALLOW)


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (np.array([[0, 0.5, 1]], np.float32), [[0, 128, 255]]),
        (np.array([[0, 0.5, 255]], np.float32), [[0, 0, 255]]),
        (np.array([[0, 1, 255]], np.int32), [[0, 1, 255]]),
        (np.array([[0, 257, 65535]], np.int32), [[0, 1, 255]]),
    ],
)
def test_white_of_32_bits_is_the_least_that_it_can_be(
    pixels: Any, expected: Any, tmp_path: Path
) -> None:
    path = save(tmp_path / "a.tif", pixels)
    assert np.asarray(open_photo(path, 1)).tolist() == expected


@pytest.mark.parametrize("pixels", [[[-1.0, 0.5]], [[float("nan"), 1]], [[0, 1e6]]])
def test_pixels_without_a_white_are_refused(pixels: Any, tmp_path: Path) -> None:
    path = save(tmp_path / "a.tif", np.asarray(pixels, np.float32))
    with pytest.raises(BadFileError, match=r"a\.tif: its pixels are from .* 8 or 16 bits"):
        open_photo(path, 1)


def test_12_bits_in_16_are_said_to_be_dark(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = save(tmp_path / "a.png", np.array([[0, 4095]], np.uint16))
    with caplog.at_level(logging.WARNING):
        assert np.asarray(open_photo(path, 1)).tolist() == [[0, 16]]
    assert "nothing brighter than 4095 of 65535" in caplog.text


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    pixels = np.array([[(*RED, 255), (*RED, 0), (0, 0, 0, 128)]], np.uint8)
    for path in (
        save(tmp_path / "rgba.png", pixels),
        save(tmp_path / "rgba.webp", pixels, lossless=True, exact=True),
    ):
        found = np.asarray(open_photo(path, 3))[0].tolist()
        assert found == [[255, 0, 0], [255, 255, 255], [127, 127, 127]]
    grey = save(tmp_path / "la.png", np.array([[(9, 255), (9, 0)]], np.uint8), "LA")
    assert np.asarray(open_photo(grey, 1)).tolist() == [[9, 255]]


def test_a_palette_with_transparency(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([*RED, *GREEN, *BLUE])
    image.putdata([0, 1, 2])
    image.save(tmp_path / "a.png", transparency=bytes([255, 0, 255]))
    image.save(tmp_path / "a.gif", transparency=1)
    for path in (tmp_path / "a.png", tmp_path / "a.gif"):
        with Image.open(path) as stored:
            assert stored.mode == "P"
        found = [tuple(pixel) for pixel in np.asarray(open_photo(path, 3))[0]]
        assert found == [RED, WHITE, BLUE]
    assert not recwarn.list


def test_ink_becomes_light(tmp_path: Path) -> None:
    """CMYK says how much light is taken away."""
    image = Image.new("CMYK", (1, 1), (0, 255, 255, 0))
    image.save(tmp_path / "a.tif")
    assert open_photo(tmp_path / "a.tif", 3).getpixel((0, 0)) == RED
    image.resize((16, 16)).save(tmp_path / "a.jpg", quality=100)
    found = np.asarray(open_photo(tmp_path / "a.jpg", 3)).astype(int)[8, 8]
    assert abs(found - RED).max() < 6


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_of_an_animation_the_first_picture_counts(ending: str, tmp_path: Path) -> None:
    first, second = (Image.new("RGB", (4, 2), colour) for colour in (RED, BLUE))
    path = tmp_path / f"a.{ending}"
    first.save(path, save_all=True, append_images=[second], lossless=True)
    assert open_photo(path, 3).getpixel((3, 1)) == RED
    assert photo_fault(path) == ""


def test_the_content_counts_and_not_the_ending(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.new("RGB", (2, 2), BLUE).save(path, "PNG")
    assert open_photo(path, 3).getpixel((0, 0)) == BLUE


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no image that can be read: it is empty"),
        (b"\0" * 5000, "it is zeros at its beginning"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "it is a HEIC photo.*heif-convert 'a.jpg' 'a.jpg'"),
        (b"\n<!DOCTYPE html><html>", "it is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "it is a pointer of Git LFS; git lfs"),
        (b"<svg xmlns=", "it is XML, as drawings are"),
        (b"something else", "is no image that can be read$"),
    ],
)
def test_what_is_no_photo_is_called_by_its_name(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(BadFileError, match=message):
        open_photo(path, 3)
    assert photo_fault(path)


def test_too_many_pixels_are_one_line(tmp_path: Path) -> None:
    head = struct.pack(">4sIIBBBBB", b"IHDR", 100_000, 100_000, 1, 0, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(head))
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + crc + b"\0\0\0\1IDAT")
    with pytest.raises(BadFileError, match=r"more than 178,956,970 pixels; make it smaller"):
        open_photo(path, 3)


@pytest.mark.parametrize("ending", ["jpg", "png", "gif", "webp", "tif"])
def test_photos_that_are_whole_and_those_that_are_cut(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    save(path, pixels)
    assert photo_fault(path) == ""
    if ending != "tif":  # whose end says nothing
        path.write_bytes(path.read_bytes()[:-200])
        assert f"{path}" in photo_fault(path)
        path.write_bytes(b"")
        assert photo_fault(path).endswith("it is empty")
    path.unlink()
    assert photo_fault(path).endswith("No such file or directory")
    path.symlink_to("gone.jpg")
    assert photo_fault(path).endswith("it is a link to gone.jpg, which is not there")


def test_bytes_behind_a_whole_jpeg_are_no_fault(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg", SEEN)
    path.write_bytes(path.read_bytes() + b"trailer of some camera")
    assert photo_fault(path) == ""
