"""The voc task on real images and on folders written for a test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgeslim.errors import BadFileError, ModelError, UsageError
from edgeslim.training.detection.heads.ssd import HEAD as SSD
from edgeslim.training.detection.mean_average_precision import Area, MeanAveragePrecision, Truths
from edgeslim.training.detection.prior_boxes import encode, prior_boxes
from edgeslim.training.tasks import find_task
from edgeslim.training.tasks._voc_folder import VOC_CLASSES
from tests.training.voc_folders import annotation, write_photo, write_small_voc, write_voc

SHAPE = (1, 3, 96, 96)
CAT = ("cat", (1, 1, 20, 10), 0)
DOG = ("dog", (11, 6, 40, 20), 1)
TWO = {"a": [CAT, DOG], "b": [DOG], "c": []}


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("voc")
    write_small_voc(folder, train=12, validation=6, side=96)
    return folder


def data(folder: Path, shape: tuple[int, ...] = SHAPE) -> Any:
    return find_task(f"voc:{folder}").data(shape, 0)


def test_real_images_are_read(digits: Path) -> None:
    task = find_task(f"voc:{digits}")
    assert (task.num_classes, task.metric_name) == (10, "mean_average_precision")
    made = task.data(SHAPE, 0)
    assert (len(made.train), len(made.validation)) == (12, 6)
    images, (boxes, classes, difficult) = made.validation.batch(np.arange(6), None)
    assert (images.shape, images.dtype) == ((6, 3, 96, 96), np.dtype(np.float32))
    assert boxes.shape == (*classes.shape, 4) == (*difficult.shape, 4)
    types = [boxes.dtype, classes.dtype, difficult.dtype]
    assert types == [np.dtype(dtype) for dtype in (np.float32, np.int64, bool)]
    assert (classes.max(axis=1) >= 0).all()
    with Image.open(digits / "JPEGImages" / "val_00002.jpg") as photo:
        pixels = np.asarray(photo) / 255
    expected = (pixels - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(images[2], expected.transpose(2, 0, 1), atol=1e-5)


def test_the_builder_decides_everything_by_its_seed(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_small_voc(tmp_path / name, train=2, validation=1, side=64, seed=seed)
    files = {
        name: [path.read_bytes() for path in sorted((tmp_path / name).rglob("*")) if path.is_file()]
        for name in "abc"
    }
    assert files["a"] == files["b"]
    assert files["a"] != files["c"]


def test_boxes_classes_and_difficult_ones(tmp_path: Path) -> None:
    folder = write_voc(tmp_path, TWO, {"train": ["a", "c"], "val": ["b"]})
    task = find_task(f"voc:{folder}")
    assert task.num_classes == len(VOC_CLASSES) == 20
    _, (boxes, classes, difficult) = task.data(SHAPE, 0).train.batch(np.arange(2), None)
    assert boxes[0] == pytest.approx(np.array([[0, 0, 0.5, 0.5], [0.25, 0.25, 1, 1]]))
    assert [VOC_CLASSES[number] for number in classes[0]] == ["cat", "dog"]
    assert difficult[0].tolist() == [False, True]
    assert classes[1].tolist() == [-1, -1]
    assert not boxes[1].any()


def test_boxes_of_those_who_count_from_0_and_round(tmp_path: Path) -> None:
    objects = [("cat", (0, 0, 41, 20.5), 0), ("cat", (3.5, 1, 10.25, 20), 0)]
    folder = write_voc(tmp_path, {"a": objects, "b": []}, {"train": ["a"], "val": ["b"]})
    _, (boxes, _, _) = data(folder).train.batch(np.arange(1), None)
    assert boxes[0] == pytest.approx(np.array([[0, 0, 1, 1], [2.5 / 40, 0, 10.25 / 40, 1]]))


def test_classes_of_a_file_and_those_found(tmp_path: Path) -> None:
    own = {"a": [("zebra", CAT[1], 0)], "b": [("ant", CAT[1], 0)]}
    folder = write_voc(tmp_path, own, {"train": ["a"], "val": ["b"]})
    _, (_, classes, _) = data(folder).train.batch(np.arange(1), None)
    assert (find_task(f"voc:{folder}").num_classes, classes[0, 0]) == (2, 1)
    (folder / "label_list.txt").write_text("zebra\nbee\nant\n")
    _, (_, classes, _) = data(folder).train.batch(np.arange(1), None)
    assert (find_task(f"voc:{folder}").num_classes, classes[0, 0]) == (3, 0)
    (folder / "labels.txt").write_text("bee\nant\n")
    with pytest.raises(BadFileError, match=r"a\.xml: object 1 \(zebra\) is of no class"):
        data(folder)


def test_the_editions_of_voc_together_as_the_published_networks_had_them(tmp_path: Path) -> None:
    kit = tmp_path / "VOCdevkit"
    write_voc(
        kit / "VOC2007",
        {**TWO, "d": [CAT]},
        {"train": ["a"], "val": ["b"], "trainval": ["a", "b"], "test": ["c", "d"]},
    )
    write_voc(kit / "VOC2012", {"a": [DOG], "e": []}, {"trainval": ["e", "a"], "train": ["e"]})
    for folder in (tmp_path, kit):
        made = data(folder)
        assert (len(made.train), len(made.validation)) == (4, 2)
        _, (_, classes, _) = made.train.batch(np.arange(4), None)
        assert (classes >= 0).sum(axis=1).tolist() == [2, 1, 0, 1]
    alone = data(kit / "VOC2012".replace("2012", "2007"))
    assert (len(alone.train), len(alone.validation)) == (2, 2)


def test_other_sizes_grey_ones_and_lists_with_more_columns(tmp_path: Path) -> None:
    folder = write_voc(tmp_path, TWO, {"train": ["a  1", "", "c -1"], "val": ["b"]})
    made = data(folder, (1, 1, 32, 64))
    images, _ = made.train.batch(np.arange(2), np.random.default_rng(0))
    assert images.shape == (2, 1, 32, 64)
    with pytest.raises(UsageError, match="N, 3, H, W"):
        find_task(f"voc:{folder}").data((1, 2, 32, 64), 0)


def test_variations_are_those_of_the_generator(digits: Path) -> None:
    train = data(digits).train
    places = np.array([3, 3, 5])
    first, second, other = (train.batch(places, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first[0], second[0])
    assert all(np.array_equal(a, b) for a, b in zip(first[1], second[1], strict=True))
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[0][0], first[0][1])
    plain, (boxes, _, _) = train.batch(places, None)
    assert np.array_equal(plain[0], plain[1])
    assert np.array_equal(boxes[0], boxes[1])


def test_boxes_follow_what_is_seen(tmp_path: Path) -> None:
    """A white rectangle on black stays where its box says, however the photo is varied."""
    folder = write_voc(
        tmp_path, {"a": [("cat", (31, 11, 90, 50), 0)], "b": []}, {"train": ["a"], "val": ["b"]}
    )
    pixels = np.zeros((80, 160, 3))
    pixels[10:50, 30:90] = 255
    write_photo(folder / "JPEGImages" / "a.png", pixels)
    train = data(folder, (1, 3, 128, 128)).train
    rng = np.random.default_rng(0)
    left, sizes = set(), set()
    for _ in range(60):
        (image,), (boxes, classes, _) = train.batch(np.arange(1), rng)
        assert classes[0, 0] == VOC_CLASSES.index("cat")
        seen = image.mean(axis=0)
        seen = seen > (seen.min() + seen.max()) / 2
        rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
        found = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) / 128
        if not seen.all():  # a part that is all object has no other colour
            assert boxes[0, 0] == pytest.approx(found, abs=1.6 / 128)
        left.add(round(float(found[0]), 2))
        sizes.add(round(float(found[2] - found[0]), 2))
    assert len(left) > 10
    assert len(sizes) > 10


def outputs_for(boxes: Any, classes: Any, count: int) -> list[Any]:
    """What SSD says if it is sure of each object and of one that is not there."""
    priors = prior_boxes(SHAPE[2:])
    locations = np.zeros((len(boxes), len(priors), 4), np.float32)
    confidences = np.zeros((len(boxes), len(priors), count + 1), np.float32)
    confidences[..., 0] = 20
    for image, place in np.argwhere(classes >= 0):
        prior = place * 7
        locations[image, prior] = encode(boxes[image, place][None], priors[prior][None])
        confidences[image, prior, classes[image, place] + 1] = 40
    return [locations, confidences]


def test_the_metric_reads_raw_outputs(digits: Path) -> None:
    made = data(digits)
    metric, nothing = made.metric(), made.metric()
    for place in range(6):
        _, targets = made.validation.batch(np.array([place]), None)
        outputs = outputs_for(targets[0], targets[1], 10)
        assert SSD.recognises([each.shape for each in outputs], SHAPE[2:])
        metric.update(outputs, targets)
        nothing.update([np.zeros_like(outputs[0]), np.zeros_like(outputs[1])], targets)
    assert metric.value() == pytest.approx(1.0)
    assert nothing.value() < 0.2


def test_the_area_is_that_of_eleven_points_unless_the_other_is_chosen(digits: Path) -> None:
    """What is in every other image is found: up to some recall, and no further."""
    wanted = {area.value: MeanAveragePrecision(area) for area in Area}
    choices = {"": "", "11point": ",ap_version=11point", "integral": ",ap_version=integral"}
    found = {name: data(Path(f"{digits}{choice}")).metric() for name, choice in choices.items()}
    validation = data(digits).validation
    for place in range(6):
        _, targets = validation.batch(np.array([place]), None)
        boxes, classes, difficult = targets
        outputs = outputs_for(boxes, classes, 10)
        if place % 2:
            outputs = [np.zeros_like(each) for each in outputs]
        for metric in found.values():
            metric.update(outputs, targets)
        (detections,) = SSD.detections(outputs, SHAPE[2:])
        real = classes[0] >= 0
        truths = Truths(
            boxes=boxes[0][real], classes=classes[0][real], difficult=difficult[0][real]
        )
        for each in wanted.values():
            each.add(detections, truths)
    values = {name: metric.value() for name, metric in found.items()}
    assert values == {
        "": wanted["11point"].value(),
        "11point": wanted["11point"].value(),
        "integral": wanted["integral"].value(),
    }
    assert 0.1 < values["integral"] != values["11point"] < 0.9


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        (",ap_version=integrall", "voc: unknown ap_version 'integrall'; did you mean 'integral'"),
        (",ap_versions=integral", "unknown choice of voc 'ap_versions'; did you mean 'ap_version'"),
        (",ap_version=11point,ap_version=integral", "voc: ap_version is given twice"),
    ],
)
def test_choices_are_proved(digits: Path, choice: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        find_task(f"voc:{digits}{choice}")


def test_a_task_without_choices_has_none() -> None:
    with pytest.raises(UsageError, match="digits has its images with it and takes no folder"):
        find_task("digits,ap_version=integral")


def test_outputs_of_other_networks_are_refused(digits: Path) -> None:
    made = data(digits)
    _, targets = made.validation.batch(np.arange(2), None)
    with pytest.raises(ModelError, match=r"\[\[2, 10\]\].*96x96.*ssd, yolov3"):
        made.metric().update([np.zeros((2, 10))], targets)
    with pytest.raises(ModelError, match=r"20 classes, but the task has 10 \(digit-0, "):
        made.metric().update(outputs_for(targets[0], targets[1], 20), targets)


LISTS: dict[str, dict[str, list[str] | None]] = {
    "both": {"val": ["a"]},
    "no list": {"val": None},
    "empty list": {"train": [""]},
    "leads out": {"train": ["../a"]},
}
ENTITIES = '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><annotation>&c;</annotation>'
ANNOTATIONS = {
    "outside": annotation([("cat", (1, 1, 44, 10), 0)]),
    "turned": annotation([("cat", (20, 1, 10, 10), 0)]),
    "no number": annotation([("cat", (1, 1, float("nan"), 10), 0)]),
    "no name": annotation([(" ", CAT[1], 0)]),
    "difficult": annotation([("cat", CAT[1], 7)]),
    "no box": "<annotation><object><name>cat</name></object></annotation>",
    "other XML": "<html></html>",
    "no XML": "<annotation>",
    "large": "<annotation>" + " " * (1 << 20) + "</annotation>",
    "entities": ENTITIES,
    "entities in UTF-16": ENTITIES,
    "file": '<!DOCTYPE a SYSTEM "file:///etc/hostname"><annotation></annotation>',
}
CHANGES: dict[str, Callable[[Path], object]] = {
    "no annotation": lambda folder: (folder / "Annotations" / "a.xml").unlink(),
    "no photo": lambda folder: (folder / "JPEGImages" / "a.png").unlink(),
    "damaged photo": lambda folder: (folder / "JPEGImages" / "a.png").write_bytes(b"\x89PNG"),
    "labels twice": lambda folder: (folder / "labels.txt").write_text("cat\ncat\n"),
    "no lists": lambda folder: (folder / "ImageSets").rename(folder / "Sets"),
}


def broken(folder: Path, kind: str) -> Path:
    """A data set with one thing wrong with it."""
    lists: dict[str, list[str] | None] = {"train": ["a", "c"], "val": ["b"], **LISTS.get(kind, {})}
    photos = dict.fromkeys(TWO, ()) if kind == "no objects" else TWO
    write_voc(folder, photos, {name: keys for name, keys in lists.items() if keys is not None})
    if kind in ANNOTATIONS:
        encoding = "utf-16" if "UTF-16" in kind else "utf-8"
        (folder / "Annotations" / "a.xml").write_text(ANNOTATIONS[kind], encoding=encoding)
    if kind in CHANGES:
        CHANGES[kind](folder)
    return folder


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("both", r"a\.png is listed for training and for validation \(val\.txt\)"),
        ("no list", r"there is no .*Main/val\.txt"),
        ("empty list", r"Main/train\.txt lists no photos"),
        ("leads out", r"train\.txt:1: '\.\./a' leads out of the data set"),
        ("outside", r"a\.xml: object 1 \(cat\) has the box \(1.*, 44.*outside of .* 40x20"),
        ("turned", r"a\.xml: object 1 \(cat\) has the box .* ends come before"),
        ("no number", r"a\.xml: object 1 has <xmax> 'nan', which is no number"),
        ("no name", r"a\.xml: object 1 has no <name>"),
        ("difficult", r"a\.xml: object 1 \(cat\) has <difficult> '7', not 0 or 1"),
        ("no box", r"a\.xml: object 1 \(cat\) has no <bndbox>"),
        ("other XML", r"a\.xml is no annotation of VOC: it holds <html>"),
        ("no XML", r"a\.xml is no XML: "),
        ("large", r"a\.xml has more than 1048576 bytes"),
        ("entities", r"a\.xml has a document type"),
        ("entities in UTF-16", r"a\.xml has a document type"),
        ("file", r"a\.xml has a document type"),
        ("no annotation", r"there is no annotation .*a\.xml"),
        ("no photo", r"train\.txt:1: there is no photo .*JPEGImages/a \(\.avif"),
        ("damaged photo", r"a\.png is no image that can be read"),
        ("labels twice", r"labels\.txt must name each class once"),
        ("no objects", r"no photo of .* has an object"),
        ("no lists", r"is not in the format of VOC: it has no ImageSets/Main"),
    ],
)
def test_what_is_wrong_is_said(kind: str, message: str, tmp_path: Path) -> None:
    folder = broken(tmp_path / "set", kind)
    with pytest.raises(BadFileError, match=message):
        data(folder).train.batch(np.arange(1), None)


def test_a_folder_is_needed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="voc needs a folder with JPEGImages"):
        find_task("voc")
    with pytest.raises(BadFileError, match="does not exist"):
        find_task(f"voc:{tmp_path / 'none'}")
