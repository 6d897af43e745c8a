from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgeslim.errors import BadFileError, UsageError
from edgeslim.training.tasks import TaskData, find_task

SHAPE = (1, 3, 16, 16)
COLOURS = {"blue": (0, 0, 255), "red": (255, 0, 0)}
MEAN, DEVIATION = np.asarray((0.485, 0.456, 0.406)), np.asarray((0.229, 0.224, 0.225))


def _picture(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes in folders, three pictures each to learn from, one to be judged by."""
    for name, colour in COLOURS.items():
        for number in range(3):
            _picture(tmp_path / "train" / name / f"{number}.png", colour)
        _picture(tmp_path / "val" / name / "judged.JPEG", colour)
    (tmp_path / "train" / "red" / "notes.txt").write_text("no picture")
    return tmp_path


def _data(folder: Path, shape: tuple[int, ...] = SHAPE) -> TaskData:
    return find_task(f"image_folder:{folder}").data(shape, 0)


def test_folders_are_classes_in_the_order_of_their_names(folder: Path) -> None:
    task = find_task(f"image_folder:{folder}")
    assert (task.num_classes, task.metric_name) == (2, "accuracy")
    data = task.data(SHAPE, 0)
    assert (len(data.train), len(data.validation)) == (6, 2)
    images, (labels,) = data.train.batch(np.arange(6), None)
    assert labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert images.shape == (6, 3, 16, 16)
    assert images.dtype == np.float32
    for image, colour in zip(images[[0, 3]], COLOURS.values(), strict=True):
        expected = ((np.asarray(colour) / 255 - MEAN) / DEVIATION)[:, None, None]
        np.testing.assert_allclose(image, np.broadcast_to(expected, image.shape), rtol=1e-5)


def test_lists_say_the_same(folder: Path) -> None:
    whole, expected = _data(folder).train.batch(np.arange(6), None)
    lines = [
        f"train/{name}/{number}.png {label}"
        for label, name in enumerate(COLOURS)
        for number in range(3)
    ]
    (folder / "train_list.txt").write_text("\n".join([*lines, "", ""]))
    (folder / "val list").mkdir()
    _picture(folder / "val list" / "a picture.png", (0, 0, 0))
    (folder / "val_list.txt").write_text("val/red/judged.JPEG 1\nval list/a picture.png\t 7 \n")
    task = find_task(f"image_folder:{folder}")
    assert task.num_classes == 8
    data = task.data(SHAPE, 0)
    images, (labels,) = data.train.batch(np.arange(6), None)
    assert np.array_equal(images, whole)
    assert labels.tolist() == expected[0].tolist()
    assert data.validation.batch(np.arange(2), None)[1][0].tolist() == [1, 7]


def test_grey_input(folder: Path) -> None:
    images, _ = _data(folder, (1, 1, 8, 12)).validation.batch(np.arange(2), None)
    assert images.shape == (2, 1, 8, 12)
    grey = (0.114 - MEAN.mean()) / DEVIATION.mean()  # what blue counts in brightness
    np.testing.assert_allclose(images[0], np.full((1, 8, 12), grey), atol=0.02)


def _striped(path: Path) -> None:
    """Black, but for the middle: red left of it, blue right of it."""
    pixels = np.zeros((64, 128, 3), np.uint8)
    pixels[4:60, 36:64, 0] = 255
    pixels[4:60, 64:92, 2] = 255
    Image.fromarray(pixels).save(path)


def test_judged_by_the_middle_as_is_usual(folder: Path) -> None:
    """Of 64 pixels the middle 56 are seen, as 224 are of 256."""
    _striped(folder / "val" / "blue" / "judged.png")
    (folder / "val" / "blue" / "judged.JPEG").unlink()
    images, _ = _data(folder, (1, 3, 56, 56)).validation.batch(np.arange(1), None)
    pixels = np.rint((images[0].transpose(1, 2, 0) * DEVIATION + MEAN) * 255)
    assert (pixels[:, :28] == (255, 0, 0)).all()
    assert (pixels[:, 28:] == (0, 0, 255)).all()


def test_learned_from_in_random_parts_and_from_both_sides(folder: Path) -> None:
    _striped(folder / "train" / "blue" / "0.png")
    train = _data(folder).train
    rng = np.random.default_rng(0)
    images, (labels,) = train.batch(np.zeros(64, np.int64), rng)
    assert labels.tolist() == [0] * 64
    assert len({image.tobytes() for image in images}) > 50
    red_is_left = [image[0, :, :8].sum() > image[0, :, 8:].sum() for image in images]
    assert 10 < sum(red_is_left) < 54
    again, _ = train.batch(np.zeros(64, np.int64), np.random.default_rng(0))
    assert np.array_equal(images, again)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3)])
def test_pictures_of_any_proportions(folder: Path, size: tuple[int, int]) -> None:
    _picture(folder / "train" / "blue" / "0.png", (9, 9, 9), size)
    for rng in (None, np.random.default_rng(0)):
        images, _ = _data(folder).train.batch(np.zeros(20, np.int64), rng)
        assert np.isfinite(images).all()
        assert np.ptp(images, axis=(2, 3)).max() < 1e-5


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (_truncate, r"cannot read the image .*blue/0\.png: "),
        (lambda path: path.write_text("no picture"), r"blue/0\.png is no image that can be read"),
        (lambda path: path.unlink(), r"cannot read the image .*blue/0\.png: .*No such file"),
    ],
)
def test_a_picture_that_cannot_be_read_is_named(folder: Path, break_it: Any, message: str) -> None:
    data = _data(folder)
    break_it(folder / "train" / "blue" / "0.png")
    data.train.batch(np.arange(1, 6), None)
    with pytest.raises(BadFileError, match=message):
        data.train.batch(np.arange(6), None)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "has neither a folder train nor a file train_list.txt"),
        ({"train/note.txt": ""}, "train has no folder for any class"),
        ({"train/red/note.txt": ""}, r"train has no images \(\.avif"),
        ({"train/red/0.png": ""}, "there is no folder .*val"),
        (
            {"train/red/0.png": "", "val/pink/0.png": ""},
            "val has a class pink and .*train has",
        ),
        ({"train_list.txt": "0.png 0"}, r"cannot read .*val_list\.txt: No such file"),
        ({"train_list.txt": "\n"}, r"train_list\.txt lists no images"),
        ({"train_list.txt": "0.png 0\n1.png"}, r"train_list\.txt:2: '1\.png' is not a path and"),
        ({"train_list.txt": "0.png -1"}, r"train_list\.txt:1: '0\.png -1' is not a path and"),
        ({"train_list.txt": "0.png red"}, r"train_list\.txt:1: '0\.png red' is not a path and"),
    ],
)
def test_folders_that_are_not_what_they_should_be(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    with pytest.raises(BadFileError, match=message):
        find_task(f"image_folder:{tmp_path}")


@pytest.mark.parametrize("shape", [(1, 16, 16), (1, 4, 16, 16), (1, 3, 0, 16)])
def test_shapes_that_photos_cannot_be_brought_to(folder: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"needs an input of shape \(N, 3, H, W\) or"):
        _data(folder, shape)


def _note(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(caplog.messages)


def test_what_systems_and_programs_leave_is_no_class(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in (".ipynb_checkpoints", "__MACOSX", "@eaDir", ".cache"):
        for part in ("train", "val"):
            _picture(folder / part / name / "0.png", (0, 0, 0))
    red = folder / "train" / "red"
    _picture(red / ".ipynb_checkpoints" / "0-checkpoint.png", (0, 0, 0))
    for name in ("._0.png", ".DS_Store", "Thumbs.db", "desktop.ini"):
        (red / name).write_bytes(b"\0\5\x16\7")
    task = find_task(f"image_folder:{folder}")
    assert task.class_names == ("blue", "red")  # type: ignore[attr-defined]
    assert len(task.data(SHAPE, 0).train) == 6
    assert "train: passed over files that are no photos (.txt 1), hidden photos or folders (3)" in (
        _note(caplog)
    )


def test_every_loss_is_told_with_its_count(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    red = folder / "train" / "red"
    for name in ("a.heic", "b.HEIC", "c.mp4"):
        (red / name).write_bytes(b"x")
    _picture(folder / "train" / "loose.jpg", (0, 0, 0))
    (folder / "train" / "green").mkdir()
    _picture(folder / "train" / "Red" / "0.png", (0, 0, 0))
    data = _data(folder)
    assert len(data.train) == 7
    said = _note(caplog)
    assert "files that are no photos (.heic 2, .mp4 1, .txt 1; make JPEGs of HEIC" in said
    assert "photos in no class's folder (1)" in said
    assert "classes without a photo to learn from: 1 of 4 (green)" in said
    assert "classes without a photo to judge by: 2 of 4 (Red, green)" in said
    assert "'Red' and 'red' are classes of their own" in said


def test_photos_in_folders_within_and_behind_links(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    red = folder / "train" / "red"
    _picture(red / "monday" / "cam 1" / "a.PNG", COLOURS["red"])
    (red / "monday" / "back").symlink_to(red)
    (folder / "train" / "white").symlink_to(red / "monday")
    data = _data(folder)
    _, (labels,) = data.train.batch(np.arange(len(data.train)), None)
    assert labels.tolist() == [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
    assert "links to folders that are there already (2)" in _note(caplog)


@pytest.mark.parametrize("broken", [b"", b"<html>", b"\xff\xd8\xff\xe0"])
def test_a_few_damaged_photos_are_left_out_and_told_before_anything_is_learnt(
    broken: bytes, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(10, 20):
        _picture(folder / "train" / "red" / f"{number}.png", COLOURS["red"])
    (folder / "train" / "red" / "99.png").write_bytes(broken)
    (folder / "train" / "blue" / "gone.png").symlink_to("nowhere.png")
    with pytest.raises(BadFileError, match=r"2 of 18 photos of .* to learn from are like that"):
        _data(folder)
    (folder / "train" / "blue" / "gone.png").unlink()
    data = _data(folder)
    _, (labels,) = data.train.batch(np.arange(len(data.train)), None)
    assert labels.tolist() == [0] * 3 + [1] * 13
    assert re.search(r"1 of 17 photos of .* to learn from left out: .*99\.png", _note(caplog))


def test_names_in_any_script_and_accents_as_macos_keeps_them(folder: Path) -> None:
    accent, apart = "\xe9t\xe9", "e\u0301te\u0301"
    for name in ("猫", "собака", accent):
        _picture(folder / "train" / name / f"{name}.png", (0, 0, 0))
    _picture(folder / "val" / apart / "0.png", (0, 0, 0))
    task = find_task(f"image_folder:{folder}")
    names = ["blue", "red", accent, "собака", "猫"]
    assert list(task.class_names) == names  # type: ignore[attr-defined]
    labels = task.data(SHAPE, 0).validation.batch(np.arange(3), None)[1][0]
    assert sorted(labels.tolist()) == [0, 1, 2]


def test_other_names_of_the_folder_to_be_judged_by(folder: Path) -> None:
    (folder / "val").rename(folder / "valid")
    assert len(_data(folder).validation) == 2


def test_a_class_that_is_written_otherwise(folder: Path) -> None:
    (folder / "val" / "red").rename(folder / "val" / "Red")
    with pytest.raises(BadFileError, match=r"class Red and .*train has none; name it red in both"):
        _data(folder)


@pytest.mark.parametrize(
    "form",
    [
        "train/{name}/{number}.png {label}",
        "train\\{name}\\{number}.png {label}\r",
        "./train/{name}/{number}.png\t{label}",
        "/home/other/data/train/{name}/{number}.png {label}",
        "C:\\data\\train\\{name}\\{number}.png {label}\r",
        "data/train/{name}/{number}.png {label}",
        '"train/{name}/{number}.png" {label}',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_lists_of_other_programs_and_machines(form: str, encoding: str, folder: Path) -> None:
    (folder / "train" / "red").rename(folder / "train" / "red one")
    lines = [
        form.format(name=name, number=number, label=label)
        for label, name in enumerate(["blue", "red one"])
        for number in range(3)
    ]
    (folder / "train_list.txt").write_bytes("\n".join(lines).encode(encoding))
    (folder / "val_list.txt").write_text("val/red/judged.JPEG 1\n")
    data = _data(folder)
    images, (labels,) = data.train.batch(np.arange(6), None)
    assert labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert images[5, 0].min() > images[5, 2].max()  # red


def test_a_list_in_a_national_encoding(folder: Path) -> None:
    _picture(folder / "动物图片" / "小猫.png", (0, 0, 0))
    (folder / "train_list.txt").write_bytes("动物图片/小猫.png 0\n".encode("gb18030"))
    (folder / "val_list.txt").write_text("val/red/judged.JPEG 1\n")
    assert len(_data(folder).train) == 1


def test_photos_listed_twice_over_and_missing_ones(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lines = [f"train/red/{number % 3}.png 0\n" for number in range(19)]
    (folder / "train_list.txt").write_text("".join([*lines, "train/red/gone.png 0\n"]))
    (folder / "val_list.txt").write_text("train/red/0.png 0\n")
    assert len(_data(folder).train) == 19
    assert "photos that are in both lists: 1" in _note(caplog)
    assert re.search(r"1 of 20 photos of .* left out: .*gone\.png: No such", _note(caplog))


def test_sixteen_bits_and_orientation_reach_the_network(folder: Path) -> None:
    grey = np.full((30, 40), 32896, np.uint16)  # 128 of 255
    Image.fromarray(grey).save(folder / "val" / "blue" / "judged.JPEG", "PNG")
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[16:] = 255
    Image.fromarray(pixels).save(folder / "val" / "red" / "judged.JPEG", "PNG", exif=exif)
    images, _ = _data(folder).validation.batch(np.arange(2), None)
    seen = np.rint((images.transpose(0, 2, 3, 1) * DEVIATION + MEAN) * 255)
    assert (seen[0] == 128).all()
    assert (seen[1, :7] == 255).all()
    assert (seen[1, 9:] == 0).all()
