"""Folders in the format of VOC as other programs and systems leave them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgeslim.errors import BadFileError
from edgeslim.training.tasks import find_task
from tests.training.voc_folders import annotation, write_photo, write_voc

SHAPE = (1, 3, 40, 40)
CAT, DOG = ("cat", (1, 1, 20, 10), 0), ("dog", (11, 6, 40, 20), 0)


def read(folder: Path) -> Any:
    return find_task(f"voc:{folder}").data(SHAPE, 0)


def boxes(folder: Path, place: int = 0) -> Any:
    _, (found, classes, _) = read(folder).train.batch(np.array([place]), None)
    return found[0][classes[0] >= 0]


KEYS = ["my photo", "my photo 1", "кошка", "sub/e\u0301"]
"""With spaces, with what looks like a column, in another script, in a folder as macOS has it."""


@pytest.mark.parametrize(
    "form",
    [
        "{}",
        "{}\r",
        "{}.png",
        "{}.PNG   \r",
        "{}  1",
        "{} -1\r",
        "{}\t 0",
        "JPEGImages/{}.png",
        "./JPEGImages/{}.png ./Annotations/{}.xml",
        "../../JPEGImages/{}.png",
        "/home/other/VOC/JPEGImages/{}.png",
        "C:\\data\\VOC\\JPEGImages\\{}.png",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_lists_of_other_programs(form: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "JPEGImages" / "sub").mkdir(parents=True)
    (tmp_path / "Annotations" / "sub").mkdir(parents=True)
    write_voc(tmp_path, {**{key: [CAT] for key in KEYS}, "judged": [DOG]}, {"val": ["judged"]})
    lines = [form.format(key, key).replace("e\u0301", "\xe9") for key in KEYS]
    file = tmp_path / "ImageSets" / "Main" / "train.txt"
    file.write_bytes("\n".join(["", *lines, "  ", ""]).encode(encoding))
    made = read(tmp_path)
    assert [each.path.stem for each in made.train._photos] == [Path(key).stem for key in KEYS]


def test_a_list_in_a_national_encoding(tmp_path: Path) -> None:
    write_voc(tmp_path, {"小猫照片": [CAT], "b": [DOG]}, {"train": [], "val": ["b"]})
    file = tmp_path / "ImageSets" / "Main" / "train.txt"
    file.write_bytes("小猫照片\r\n".encode("gb18030"))
    assert len(read(tmp_path).train) == 1


def many(folder: Path) -> Path:
    """Twenty photos with two boxes each, and one to judge by."""
    photos = {f"{number:02}": [CAT, DOG] for number in range(20)}
    return write_voc(folder, {**photos, "b": [DOG]}, {"train": list(photos), "val": ["b"]})


def _without(folder: Path, kind: str) -> None:
    (folder / kind).unlink()


LOSSES: dict[str, tuple[Callable[[Path], object], str]] = {
    "photo": (lambda folder: _without(folder, "JPEGImages/07.png"), "train.txt:8: there is no pho"),
    "annotation": (lambda folder: _without(folder, "Annotations/07.xml"), "there is no annotation"),
    "empty photo": (
        lambda folder: (folder / "JPEGImages/07.png").write_bytes(b""),
        "07.png is no image that can be read: it is empty",
    ),
    "cut photo": (
        lambda folder: (folder / "JPEGImages/07.png").write_bytes(
            (folder / "JPEGImages/07.png").read_bytes()[:-40]
        ),
        "cannot read the image",
    ),
    "XML": (lambda folder: (folder / "Annotations/07.xml").write_text("<a"), "is no XML"),
}


@pytest.mark.parametrize("kind", LOSSES)
def test_one_in_twenty_is_left_out_and_told(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = many(tmp_path)
    lose, message = LOSSES[kind]
    lose(folder)
    made = read(folder)
    assert [each.path.stem for each in made.train._photos] == [
        f"{number:02}" for number in range(20) if number != 7
    ]
    (said,) = [each for each in caplog.messages if "left out" in each]
    assert said.startswith("1 of 20 photos of ")
    assert message in said


def test_boxes_that_are_none_are_left_out_and_those_that_reach_out_are_cut(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = many(tmp_path)
    wrong = [
        ("cat", (30, 1, 10, 10), 0),
        ("cat", (50, 1, 60, 10), 0),
        ("dog", (21, 11, 50.5, 30), 0),
    ]
    (folder / "Annotations" / "03.xml").write_text(annotation(wrong))
    assert boxes(folder, 3) == pytest.approx(np.array([[0.5, 0.5, 1, 1]]))
    said = "\n".join(caplog.messages)
    assert re.search(r"2 of 42 boxes of .* left out: .*03\.xml: object 1 \(cat\) has the box", said)
    assert "of which none is in its photo of 40x20" in said
    assert re.search(r"1 of 42 boxes of .* cut at the edge of the photo: .*object 3 \(dog\)", said)


def test_a_class_that_labels_do_not_name(tmp_path: Path) -> None:
    folder = many(tmp_path)
    (folder / "labels.txt").write_text("Cat\ndog\n")
    with pytest.raises(BadFileError, match=r"00\.xml: object 1 \(cat\) is of no class.*'Cat'"):
        read(folder)


@pytest.mark.parametrize("text", ["", "false", "0"])
def test_difficult_may_be_missing(text: str, tmp_path: Path) -> None:
    folder = many(tmp_path)
    file = folder / "Annotations" / "00.xml"
    tag = f"<difficult>{text}</difficult>" if text else ""
    file.write_text(file.read_text().replace("<difficult>0</difficult>", tag))
    _, (_, _, difficult) = read(folder).train.batch(np.array([0]), None)
    assert not difficult.any()


def national(folder: Path, encoding: str, declared: str, *, name: str = "собака") -> Path:
    write_voc(folder, {"a": [], "b": [DOG]}, {"train": ["a"], "val": ["b"]})
    text = annotation([(name, CAT[1], 0)]).replace("any.jpg", "C:\\фото\\any.jpg")
    file = folder / "Annotations" / "a.xml"
    file.write_bytes((declared + text).encode(encoding))
    return folder


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""),
        ("utf-8-sig", '<?xml version="1.0"?>\n'),
        ("utf-16", '<?xml version="1.0" encoding="utf-16"?>'),
        ("utf-16-le", '<?xml version="1.0" encoding="utf-16"?>'),
        ("cp1251", '<?xml version="1.0" encoding="windows-1251"?>'),
        ("koi8-r", "<?xml version='1.0' encoding='KOI8-R' standalone='yes'?>"),
        ("gb18030", '<?xml version="1.0" encoding="gb2312"?>'),
        ("cp932", '<?xml version="1.0" encoding="Shift_JIS"?>\r\n'),
        ("utf-8", '\n<?xml version="1.0" encoding="utf-8"?>'),
        ("utf-8", '<?xml version="1.0" encoding="utf-16"?>'),
        ("utf-8", '<?xml version="1.0" encoding="unheard-of"?>'),
    ],
)
def test_annotations_in_any_encoding_that_is_said(
    encoding: str, declared: str, tmp_path: Path
) -> None:
    folder = national(tmp_path, encoding, declared)
    task: Any = find_task(f"voc:{folder}")
    assert task.class_names == ("dog", "собака")


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("cp1251", "собака"), ("gb18030", "小狗"), ("cp932", "いぬ"), ("cp949", "개와 강아지")],
)
@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="utf-8"?>'])
def test_an_encoding_that_nothing_says_is_found_by_the_labels(
    encoding: str, name: str, declared: str, tmp_path: Path
) -> None:
    write_voc(tmp_path, {"a": [], "b": [DOG]}, {"train": ["a"], "val": ["b"]})
    file = tmp_path / "Annotations" / "a.xml"
    file.write_bytes((declared + annotation([(name, CAT[1], 0)])).encode(encoding))
    with pytest.raises(BadFileError, match=r"a\.xml is no UTF-8 .* labels\.txt.* iconv -f"):
        read(tmp_path)
    (tmp_path / "labels.txt").write_bytes(f"dog\r\n{name}\r\n".encode("utf-8-sig"))
    _, (_, classes, _) = read(tmp_path).train.batch(np.array([0]), None)
    assert classes[0, 0] == 1


def test_folders_in_a_national_encoding_do_not_matter(tmp_path: Path) -> None:
    folder = national(tmp_path, "cp1251", "", name="cat")
    assert boxes(folder) == pytest.approx(np.array([[0, 0, 0.5, 0.5]]))


# A scene of 20 across and 40 down: a white box at its upper right, stored with its rows as columns.
SCENE = np.zeros((40, 20, 3), np.uint8)
SCENE[2:10, 12:20] = 255
WHITE = [0.6, 0.05, 1.0, 0.25]
STORED = {3: SCENE[::-1, ::-1], 6: np.rot90(SCENE), 8: np.rot90(SCENE, -1)}
BOXES = {"seen": (13, 3, 20, 10), 3: (1, 31, 8, 38), 6: (3, 1, 10, 8), 8: (31, 13, 38, 20)}
"""The white box as it is seen, and as it is in the file."""


def turned(folder: Path, photos: Mapping[str, tuple[int, Any, tuple[int, int] | None]]) -> Path:
    """Photos by name: orientation, box, and the size that the annotation says."""
    objects = {**{key: [] for key in photos}, "b": [DOG]}
    write_voc(folder, objects, {"train": list(photos), "val": ["b"]})
    for key, (orientation, box, size) in photos.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        path = folder / "JPEGImages" / f"{key}.png"
        write_photo(path, STORED[orientation])
        with Image.open(path) as image:
            image.load()
            image.save(path, exif=exif)
        said = "" if size is None else f"<size><width>{size[0]}</width><height>{size[1]}</height>"
        text = annotation([("cat", box, 0)])
        if said:
            text = text.replace("<object>", f"{said}</size><object>", 1)
        (folder / "Annotations" / f"{key}.xml").write_text(text)
    return folder


def white_is_where_the_box_is(folder: Path, place: int = 0) -> None:
    (image,), (found, _, _) = read(folder).train.batch(np.array([place]), None)
    assert found[0, 0] == pytest.approx(np.array(WHITE), abs=1e-6)
    left, top, right, bottom = (np.array(WHITE) * 40).round().astype(int)
    assert image[:, top + 2 : bottom - 2, left + 2 : right - 2].min() > 2
    assert image[:, bottom + 3 :].max() < 0


@pytest.mark.parametrize("orientation", [6, 8])
def test_boxes_of_turned_photos_by_the_size_that_is_said(orientation: int, tmp_path: Path) -> None:
    stored, seen = (40, 20), (20, 40)
    folder = turned(
        tmp_path,
        {
            "file": (orientation, BOXES[orientation], stored),
            "seen": (orientation, BOXES["seen"], seen),
        },
    )
    white_is_where_the_box_is(folder, 0)
    white_is_where_the_box_is(folder, 1)


def test_boxes_of_turned_photos_without_a_size_are_as_they_are_seen(tmp_path: Path) -> None:
    white_is_where_the_box_is(turned(tmp_path, {"a": (6, BOXES["seen"], None)}))


def test_a_box_that_only_the_file_has_room_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And what is told by no size itself, as what stands on its head, is like most others."""
    photos = {"a": (8, BOXES[8], None), "b1": (6, BOXES[6], None), "b2": (3, BOXES[3], (20, 40))}
    folder = turned(tmp_path, photos)
    for place in range(3):
        white_is_where_the_box_is(folder, place)
    assert "photos that are stored rotated (EXIF) and turned upright: 3" in caplog.text
    assert "boxes that refer to the stored photo and are turned as well: 3" in caplog.text


def test_a_size_that_boxes_contradict_is_not_believed(tmp_path: Path) -> None:
    """Some programs write the size of the file beside boxes of what is seen."""
    low = (13, 3, 20, 38)
    photos = {"a": (6, low, (40, 20)), "b1": (6, BOXES["seen"], (40, 20))}
    white_is_where_the_box_is(turned(tmp_path, photos), 1)


def test_annotations_of_another_size_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    turned(tmp_path, {"a": (6, BOXES["seen"], (200, 400))})
    read(tmp_path)
    assert "annotations of photos of another size: 1" in caplog.text
    assert "of 200x400, and the photo has 20x40" in caplog.text
