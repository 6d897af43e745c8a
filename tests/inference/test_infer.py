"""Pictures shown to real models, in Paddle and in Paddle-Lite's runtime."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgeslim.errors import BadFileError, ModelError, UnknownNameError, UsageError
from edgeslim.inference.drawing import class_colour
from edgeslim.inference.infer import infer
from edgeslim.paddle_io.export import export_layer, run_in_paddle
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.program_graph import feed_shapes
from edgeslim.paddle_io.proto import read_program
from edgeslim.training.tasks import SPLIT_SEED, TASKS, digits, find_task
from edgeslim.training.tasks._idx import read_idx
from tests.inference.nets import (
    CLASSES,
    FOUND_CLASS,
    PLACE,
    PRIORS,
    export_colours,
    export_finder,
)
from tests.program import edgeslim
from tests.tools import missing
from tests.training.voc_folders import write_voc

pytestmark = pytest.mark.slow

COLOURS = {"blue": (20, 30, 250), "green": (20, 250, 30), "red": (250, 20, 30)}
ENGINES = ["paddle", "lite"]


def plain(path: Path, colour: Any, size: tuple[int, int] = (40, 30), mode: str = "RGB") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)
    return path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models and data sets."""
    folder = tmp_path_factory.mktemp("inference")
    export_colours(folder / "colours")
    export_colours(folder / "shares", shares=True)
    export_finder(folder / "finder")
    for name, colour in COLOURS.items():
        for part in ("train", "val"):
            plain(folder / "photos" / part / name / "0.png", colour)
    objects = [(name, (1.0, 1.0, 20.0, 20.0), 0) for name in CLASSES]
    lists = {"train": ["a"], "val": ["b"]}
    voc = write_voc(folder / "voc", {"a": objects, "b": objects}, lists)
    (voc / "labels.txt").write_text("\n".join(CLASSES), encoding="utf-8")
    return folder


@pytest.mark.parametrize("engine", ENGINES)
def test_a_classifier_names_the_class_of_each_picture(
    place: Path, tmp_path: Path, engine: str
) -> None:
    inputs = [plain(tmp_path / f"{name}.png", colour) for name, colour in COLOURS.items()]
    task = f"image_folder:{place / 'photos'}"
    done = infer(str(place / "colours"), inputs, task=task, engine=engine, top=2)
    assert (done.model, done.engine, done.kind) == ("colours", engine, "classes")
    assert [output.input for output in done.outputs] == inputs
    for output, name in zip(done.outputs, COLOURS, strict=True):
        assert output.size == (40, 30)
        assert len(output.classes) == 2
        assert output.classes[0].label == name
        assert output.classes[0].number == list(COLOURS).index(name)
        assert 1 >= output.classes[0].probability > output.classes[1].probability > 0
        assert (output.boxes, output.drawn) == ((), None)


def test_probabilities_are_a_softmax_of_scores_and_shares_as_they_are(
    place: Path, tmp_path: Path
) -> None:
    picture = plain(tmp_path / "red.png", COLOURS["red"])
    told = [
        infer(str(place / model), [picture], top=3).outputs[0].classes
        for model in ("colours", "shares")
    ]
    assert sum(each.probability for each in told[0]) == pytest.approx(1)
    for scores, shares in zip(*told, strict=True):
        assert scores.number == shares.number
        assert scores.label == str(scores.number)
        assert scores.probability == pytest.approx(shares.probability, rel=1e-4)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_detectors_boxes_are_told_in_pixels_and_drawn(
    place: Path, tmp_path: Path, engine: str
) -> None:
    picture = plain(tmp_path / "街道 照片.png", (128, 128, 128), size=(200, 100))
    done = edgeslim(
        *("infer", "finder", "--task", f"voc:{place / 'voc'}", "--inputs", picture),
        *("--out", tmp_path / "out", "--engine", engine, "--json"),
        folder=place,
    )
    assert done.code == 0, done.err
    (told,) = done.document["outputs"]
    (box,) = told["boxes"]
    assert (box["label"], box["class"]) == (CLASSES[FOUND_CLASS], FOUND_CLASS)
    assert box["score"] == pytest.approx(0.6, abs=0.01)
    expected = PRIORS[PLACE] * [200, 100, 200, 100]
    assert box["box"] == pytest.approx(expected.tolist(), abs=0.2)
    assert Path(told["drawn"]) == tmp_path / "out" / "街道 照片.boxes.png"
    with Image.open(told["drawn"]) as drawn:
        assert drawn.size == (200, 100)
        pixels = np.asarray(drawn)
    left, top, right, bottom = (round(each) for each in expected)
    colour = class_colour(FOUND_CLASS)
    across, down = (left + right) // 2, (top + bottom) // 2
    assert tuple(pixels[down, left]) == tuple(pixels[bottom, across]) == colour
    assert tuple(pixels[down, across]) == (128, 128, 128)


def test_a_lower_score_shows_what_the_model_is_less_sure_of(place: Path, tmp_path: Path) -> None:
    picture = plain(tmp_path / "a.jpg", (9, 9, 9))
    task = f"voc:{place / 'voc'}"
    for score, count in ((0.7, 0), (0.5, 1), (0.1, 3)):
        done = infer(str(place / "finder"), [picture], task=task, score=score, out=tmp_path)
        assert len(done.outputs[0].boxes) == count
        assert done.outputs[0].drawn is not None
    assert done.outputs[0].boxes[0].label == "cat"


def test_without_a_task_a_detector_is_shown_the_whole_picture_and_classes_are_numbers(
    place: Path, tmp_path: Path
) -> None:
    picture = plain(tmp_path / "a.png", (9, 9, 9))
    (told,) = infer(str(place / "finder"), [picture]).outputs
    assert [(box.label, box.number) for box in told.boxes] == [("1", 1)]
    assert told.drawn is None


@pytest.mark.parametrize("engine", ENGINES)
def test_raw_outputs_are_those_of_the_model(place: Path, tmp_path: Path, engine: str) -> None:
    tensor = np.random.default_rng(0).normal(size=(3, 16, 16)).astype(np.float32)
    np.save(tmp_path / "x.npy", tensor)
    done = infer(
        str(place / "colours"), [tmp_path / "x.npy"], raw=True, out=tmp_path / "out", engine=engine
    )
    (told,) = done.outputs
    (saved,) = told.tensors
    assert saved.file == tmp_path / "out" / "x.0.npy"
    assert (told.size, saved.shape) == (None, (1, 3))
    (feed,) = feed_shapes(read_program(place / "colours.pdmodel"))
    (expected,) = run_in_paddle(place / "colours", {feed: tensor[None]})
    np.testing.assert_allclose(np.load(saved.file), expected, rtol=1e-4, atol=1e-6)


def test_files_of_one_name_do_not_overwrite_each_other(place: Path, tmp_path: Path) -> None:
    inputs = [plain(tmp_path / part / "same.png", (9, 9, 9)) for part in ("a", "b")]
    done = infer(str(place / "finder"), inputs, out=tmp_path / "out")
    assert [output.drawn and output.drawn.name for output in done.outputs] == [
        *("same.boxes.png", "same-2.boxes.png"),
    ]
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_a_mean_and_scale_of_ones_own_are_used(place: Path, tmp_path: Path) -> None:
    picture = plain(tmp_path / "red.png", (255, 51, 0), size=(16, 16))
    done = infer(
        *(str(place / "colours"), [picture]), raw=True, out=tmp_path, mean=[0], scale=[255, 51, 1]
    )
    assert done.outputs[0].tensors[0].file is not None
    found = np.load(done.outputs[0].tensors[0].file)
    assert found.ravel().tolist() == pytest.approx([0, 1, 1], abs=1e-5)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1"])
def test_pictures_of_any_mode_are_read(place: Path, tmp_path: Path, mode: str) -> None:
    ending = "tif" if mode == "CMYK" else "png"
    picture = plain(tmp_path / f"a.{ending}", 0 if mode != "CMYK" else (0, 0, 0, 0), mode=mode)
    assert infer(str(place / "colours"), [picture]).outputs[0].classes


def two_inputs(place: Path) -> Path:
    paddle: Any = load_paddle()

    class Two(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.linear = paddle.nn.Linear(4, 2)

        def forward(self, first: Any, second: Any) -> Any:
            return self.linear(first + second)

    export_layer(Two(), [(1, 4), (1, 4)], place / "two")
    return place / "two"


def test_what_cannot_be_shown_is_said_in_one_line(place: Path, tmp_path: Path) -> None:
    picture = plain(tmp_path / "a.png", (9, 9, 9))
    linear = load_paddle().nn.Linear
    export_layer(linear(4, 2), [(1, 4)], place / "flat")
    export_layer(linear(4, 2), [(7, 4)], place / "seven")
    two_inputs(place)
    (tmp_path / "no.png").write_text("no picture")
    (tmp_path / "no.npy").write_text("no array")
    np.save(tmp_path / "wide.npy", np.zeros((3, 16, 17), np.float32))
    np.save(tmp_path / "bytes.npy", np.zeros((3, 16, 16), np.uint8))
    np.save(tmp_path / "nan.npy", np.full((3, 16, 16), np.nan, np.float32))
    photos, voc = f"image_folder:{place / 'photos'}", f"voc:{place / 'voc'}"
    cases: list[tuple[str, Path, dict[str, Any], type[Exception], str]] = [
        ("colours", tmp_path / "no.png", {}, BadFileError, r"no\.png is no image"),
        ("colours", tmp_path / "none.png", {}, BadFileError, r"none\.png does not exist"),
        ("colours", tmp_path, {}, BadFileError, "is a folder"),
        ("colours", tmp_path / "no.npy", {}, BadFileError, r"no\.npy is no \.npy or \.npz file"),
        (
            *("colours", tmp_path / "wide.npy", {}, BadFileError),
            r"shape \[3, 16, 17\] and colours reads \[1, 3, 16, 16\]",
        ),
        ("colours", tmp_path / "bytes.npy", {}, BadFileError, "holds uint8 and colours reads"),
        ("colours", tmp_path / "nan.npy", {}, BadFileError, "not finite"),
        ("flat", picture, {}, ModelError, r"flat reads \[1, 4\], which is no picture"),
        (
            "seven",
            picture,
            {},
            ModelError,
            r"seven reads \[7, 4\] as .* --input-shape 1,4, and",
        ),
        ("two", picture, {}, ModelError, r"two has 2 inputs \("),
        ("colours", picture, {"task": voc}, ModelError, "the task wants boxes"),
        ("finder", picture, {"task": photos}, ModelError, "the task wants classes"),
        ("colours", picture, {"task": "digits"}, ModelError, "3 classes apart and the task has 10"),
        ("colours", picture, {"task": photos, "mean": [1]}, UsageError, "of its own; leave --mean"),
        ("colours", picture, {"scale": [0]}, UsageError, "--scale divides pixels"),
        ("colours", picture, {"mean": [1, 2]}, UsageError, "--mean is one number or three, not 2"),
        ("colours", picture, {"engine": "lites"}, UnknownNameError, "did you mean 'lite'"),
        ("colours", picture, {"top": 0}, UsageError, "--top must be at least 1"),
        ("colours", picture, {"score": 50}, UsageError, "--score is from 0 to 1, not 50"),
        ("colours", picture, {"raw": True}, UsageError, "--raw needs a folder"),
    ]
    for model, file, options, kind, message in cases:
        with pytest.raises(kind, match=message):
            infer(str(place / model), [file], **options)
    with pytest.raises(UsageError, match="there is nothing to show"):
        infer(str(place / "colours"), [])


@pytest.mark.parametrize("engine", ENGINES)
def test_tensors_of_several_rows_are_shown_as_they_are(
    place: Path, tmp_path: Path, engine: str
) -> None:
    program = read_program(place / "colours.pdmodel")
    tensors = {var.name: var for var in program.blocks[0].vars}
    feed = next(op for op in program.blocks[0].ops if op.type == "feed")
    (name,) = feed.outputs[0].arguments
    tensors[name].type.dense_tensor.tensor.dims[0] = -1
    (tmp_path / "open.pdmodel").write_bytes(program.SerializeToString())
    shutil.copyfile(place / "colours.pdiparams", tmp_path / "open.pdiparams")
    images = np.random.default_rng(0).random((5, 3, 16, 16), np.float32)
    np.save(tmp_path / "five.npy", images)
    given: dict[str, Any] = {"engine": engine, "raw": True, "out": tmp_path / "out"}
    done = infer(str(tmp_path / "open"), [tmp_path / "five.npy"], **given)
    assert (done.kind, done.outputs[0].classes) == ("tensors", ())
    found = np.load(tmp_path / "out" / "five.0.npy")
    np.testing.assert_allclose(found, images.mean((2, 3))[:, ::-1], rtol=1e-5)


def test_a_user_task_says_how_pictures_are_read(place: Path, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        """
import numpy as np


class Own:
    num_classes = 3
    metric_name = "accuracy"
    class_names = ("b", "g", "r")
    finds_boxes = False

    def data(self, input_shape, seed):
        raise NotImplementedError

    def picture(self, path, input_shape):
        image = np.zeros(input_shape[1:], np.float32)
        image[1] = len(path.stem)
        return image


TASK = Own()
"""
    )
    picture = plain(tmp_path / "a.png", COLOURS["red"])
    (told,) = infer(str(place / "colours"), [picture], task=str(tmp_path / "own.py")).outputs
    assert told.classes[0].label == "g"
    text = (tmp_path / "own.py").read_text().replace("def picture", "def pictures")
    (tmp_path / "silent.py").write_text(text)
    with pytest.raises(UsageError, match=r"silent\.py reads no pictures but its own examples"):
        infer(str(place / "colours"), [picture], task=str(tmp_path / "silent.py"))


def test_weights_that_a_function_draws_are_the_same_each_time_and_a_note_says_so(
    tmp_path: Path,
) -> None:
    (tmp_path / "nets.py").write_text(
        """
from paddle import nn


def net():
    return nn.Sequential(nn.Conv2D(3, 4, 3), nn.AdaptiveAvgPool2D(1), nn.Flatten())
"""
    )
    plain(tmp_path / "a.png", COLOURS["red"])
    told = [
        edgeslim(
            *("infer", "nets.py:net", "--input-shape", "1,3,8,8", "--inputs", "a.png", "--json"),
            folder=tmp_path,
        )
        for _ in range(2)
    ]
    assert told[0].code == 0, told[0].err
    assert "net is built by a function: weights that it does not load are random" in told[0].err
    assert told[0].document == told[1].document


def test_the_table_of_the_command_has_classes_and_probabilities(
    place: Path, tmp_path: Path
) -> None:
    pictures = [plain(tmp_path / f"{name}.png", colour) for name, colour in COLOURS.items()]
    task = f"image_folder:{place / 'photos'}"
    shown = edgeslim(
        *("infer", "colours", "--task", task, "--inputs", *pictures, "--top", 1), folder=place
    )
    assert shown.code == 0, shown.err
    for name, picture in zip(COLOURS, pictures, strict=True):
        after = shown.out.partition(f"{picture}:")[2]
        assert name in after.splitlines()[3]


def test_pictures_of_tasks_are_read_as_their_examples(place: Path) -> None:
    shape = (1, 3, 24, 20)
    photos = place / "photos" / "val" / "green" / "0.png"
    task: Any = find_task(f"image_folder:{place / 'photos'}")
    images, _ = task.data(shape, 0).validation.batch(np.arange(3), None)
    np.testing.assert_array_equal(task.picture(photos, shape), images[1])
    voc: Any = find_task(f"voc:{place / 'voc'}")
    images, _ = voc.data(shape, 0).validation.batch(np.arange(1), None)
    np.testing.assert_array_equal(
        voc.picture(place / "voc" / "JPEGImages" / "b.png", shape), images[0]
    )
    assert voc.class_names == CLASSES


def test_a_picture_of_a_digit_is_read_as_the_digit(tmp_path: Path) -> None:
    shape = (1, 1, 16, 16)
    with np.load(Path(digits.__file__).with_name("digits.npz")) as stored:
        pixels = stored["images"][7]
    Image.fromarray(np.round(pixels * (255 / 16)).astype(np.uint8)).save(tmp_path / "digit.png")
    task: Any = find_task("digits")
    read = task.picture(tmp_path / "digit.png", shape)
    data = task.data(shape, SPLIT_SEED)
    examples = np.concatenate([data.train.images, data.validation.images])
    assert np.abs(examples - read).max(axis=(1, 2, 3)).min() < 0.01
    assert len(task.class_names) == task.num_classes


def test_a_picture_of_clothing_is_read_as_the_clothing(tmp_path: Path) -> None:
    folder = TASKS.get("fashion_mnist").default_folder
    if folder is None or not folder.is_dir():
        missing("dataset-fashion-mnist is not installed")
    shape = (1, 3, 32, 32)
    Image.fromarray(read_idx(folder, "t10k-images-idx3-ubyte", 3)[5]).save(tmp_path / "one.png")
    task: Any = find_task("fashion_mnist")
    images, _ = task.data(shape, 0).validation.batch(np.array([5]), None)
    np.testing.assert_allclose(task.picture(tmp_path / "one.png", shape), images[0], rtol=1e-6)
    assert len(task.class_names) == task.num_classes
