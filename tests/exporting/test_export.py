"""Apps made of real models: they give what Paddle gives, wherever they can be run here."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgeslim.errors import BadFileError, ModelError, UnknownNameError, UsageError
from edgeslim.exporting.export import export
from edgeslim.exporting.request import Exported
from edgeslim.inference.infer import infer
from edgeslim.opspec import TypedShape
from edgeslim.paddle_io.export import export_layer
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.training.detection.prior_boxes import prior_boxes
from tests.exporting.builds import compare_in_cpp, compare_in_java, compare_in_python
from tests.inference.nets import CLASSES, export_colours, export_finder, export_heads
from tests.program import edgeslim
from tests.training.voc_folders import write_voc

pytestmark = pytest.mark.slow

NAMES = ('it\'s "blue" \\ ${x}', "grün", "赤 {{ y }}")
SIZES = ((37, 50), (300, 211), (16, 16), (20, 90), (700, 64))


def noise(size: tuple[int, int], seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models and data sets."""
    folder = tmp_path_factory.mktemp("exporting")
    export_colours(folder / "colours")
    export_finder(folder / "finder", noise=0.01)
    for part in ("train", "val"):
        for name in NAMES:
            (folder / "photos" / part / name).mkdir(parents=True)
            for number, size in enumerate(SIZES):
                noise(size, number).save(folder / "photos" / part / name / f"{number}.jpg")
    objects = [(name, (1.0, 1.0, 20.0, 20.0), 0) for name in CLASSES]
    voc = write_voc(folder / "voc", {"a": objects, "b": objects}, {"train": ["a"], "val": ["b"]})
    (voc / "labels.txt").write_text("\n".join(CLASSES), encoding="utf-8")
    return folder


@pytest.mark.parametrize("app", ["python", "linux"])
def test_a_classifier_gives_what_paddle_gives(place: Path, tmp_path: Path, app: str) -> None:
    done = export(
        *(str(place / "colours"),),
        app=app,
        out=tmp_path / "app",
        task=f"image_folder:{place / 'photos'}",
        target="x86",
        samples=8,
    )
    assert (done.kind, done.preprocessing, done.labels, done.samples) == ("classes", True, 3, 8)
    said = compare(app, tmp_path)
    assert said.count("input, bit for bit") == 8
    assert said.count("right:") == 3 * 8
    # The sample's own answer is that of infer for the same picture.
    picture = next((tmp_path / "app" / "data" / "samples").glob("1.p*"))
    (answer,) = infer(
        str(place / "colours"), [picture], task=f"image_folder:{place / 'photos'}"
    ).outputs
    shown = [line for line in said.splitlines() if "%" in line]
    assert [line.split("%", 1)[1].strip() for line in shown] == [
        one.label for one in answer.classes
    ]


@pytest.mark.parametrize("app", ["python", "linux"])
def test_a_detector_gives_what_paddle_gives(place: Path, tmp_path: Path, app: str) -> None:
    done = export(
        *(str(place / "finder"),),
        app=app,
        out=tmp_path / "app",
        task=f"voc:{place / 'voc'}",
        target="x86",
    )
    assert (done.kind, done.labels, done.samples) == ("boxes", 3, 1)
    said = compare(app, tmp_path)
    assert said.count("right:") == 4
    assert "cat" in said


def export_detector(prefix: Path, head: str) -> int:
    """Saves a network with random outputs of a detector's shapes; returns how many there are."""
    height, width, classes = 64, 96, len(CLASSES)
    shapes: list[tuple[int, ...]] = [
        (3 * (5 + classes), height // stride, width // stride) for stride in (32, 16, 8)
    ]
    if head == "ssd":
        count = len(prior_boxes((height, width)))
        shapes = [(count, 4), (count, classes + 1)]
    export_heads(prefix, (1, 3, height, width), shapes)
    return len(shapes)


@pytest.mark.parametrize("app", ["python", "linux"])
@pytest.mark.parametrize("head", ["ssd", "yolov3"])
def test_hundreds_of_boxes_remain_the_same(
    place: Path, tmp_path: Path, app: str, head: str
) -> None:
    outputs = export_detector(tmp_path / "net", head)
    task = f"voc:{place / 'voc'}"
    export(str(tmp_path / "net"), app=app, out=tmp_path / "app", task=task, target="x86")
    said = compare(app, tmp_path)
    assert said.count("right: 1: output") == outputs
    results = (tmp_path / "app" / "data" / "samples" / "1.results.txt").read_text()
    assert len(results.splitlines()) > 50


@pytest.mark.parametrize("data", ["photos", "grey", "boxes", "ssd", "yolov3"])
def test_an_android_app_reads_pictures_and_outputs_in_the_same_way(
    place: Path, tmp_path: Path, data: str
) -> None:
    model, task = place / "colours", f"image_folder:{place / 'photos'}"
    if data == "grey":
        export_heads(tmp_path / "net", (1, 1, 20, 30), [(len(NAMES),), (2,)])
        model = tmp_path / "net"
    elif data == "boxes":
        model, task = place / "finder", f"voc:{place / 'voc'}"
    elif data != "photos":
        export_detector(tmp_path / "net", data)
        model, task = tmp_path / "net", f"voc:{place / 'voc'}"
    export(str(model), app="android", out=tmp_path / "app", task=task, samples=8)
    said = compare_in_java(tmp_path / "app", tmp_path / "classes")
    assert said.count("right:") == 3
    samples = tmp_path / "app" / "app" / "src" / "main" / "assets" / "model" / "samples"
    changed = np.fromfile(samples / "1.input0.f32", "<f4")
    np.nextafter(changed, np.float32(9)).tofile(samples / "1.input0.f32")
    with pytest.raises(AssertionError, match="input 1"):
        compare_in_java(tmp_path / "app", tmp_path / "classes")


def compare(app: str, folder: Path) -> str:
    """Runs the comparison of an app, and its sample."""
    run = compare_in_python(folder / "app") if app == "python" else None
    said = run or compare_in_cpp(folder / "app", folder / "package")
    assert "all right" in said
    assert "WRONG" not in said
    return said


@pytest.mark.parametrize("app", ["python", "linux"])
def test_the_comparison_finds_a_wrong_picture_a_wrong_output_and_a_wrong_result(
    place: Path, tmp_path: Path, app: str
) -> None:
    export(
        *(str(place / "colours"),),
        app=app,
        out=tmp_path / "app",
        task=f"image_folder:{place / 'photos'}",
        target="x86",
        samples=1,
    )
    samples = tmp_path / "app" / "data" / "samples"
    changed = np.fromfile(samples / "1.input0.f32", "<f4")
    changed[5] = np.nextafter(changed[5], np.float32(9))
    changed.tofile(samples / "1.input0.f32")
    output = np.fromfile(samples / "1.output0.f32", "<f4")
    (output + 0.01 * np.abs(output).max()).tofile(samples / "1.output0.f32")
    (samples / "1.results.txt").write_text("0 0.9\n1 0.05\n2 0.05\n")
    with pytest.raises(AssertionError) as caught:
        compare(app, tmp_path)
    assert str(caught.value).count("WRONG") >= 3


def test_without_a_task_the_app_takes_tensors_and_says_so(place: Path, tmp_path: Path) -> None:
    done = export(str(place / "colours"), app="python", out=tmp_path / "app", samples=2)
    assert (done.kind, done.preprocessing, done.labels) == ("tensors", False, 0)
    assert any("the app takes tensors" in note for note in done.notes)
    assert "The inputs are ready" in (tmp_path / "app" / "README.md").read_text()
    assert compare_in_python(tmp_path / "app").count("right:") == 2


def test_pictures_with_a_mean_and_a_scale(place: Path, tmp_path: Path) -> None:
    noise((40, 30), 3).save(tmp_path / "own.png")
    done = export(
        *(str(place / "colours"),),
        app="python",
        out=tmp_path / "app",
        mean=(127.5,),
        scale=(127.5,),
        pictures=[tmp_path / "own.png"],
    )
    assert (done.kind, done.preprocessing, done.labels) == ("classes", True, 0)
    assert compare_in_python(tmp_path / "app").count("right:") == 3


def test_several_inputs_of_other_types_are_given_as_they_are(tmp_path: Path) -> None:
    paddle = load_paddle()
    nn: Any = paddle.nn

    class Words(nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(30, 4)

        def forward(self, words: Any, weights: Any) -> Any:
            return (self.embedding(words) * weights.unsqueeze(-1)).sum(axis=1)

    export_layer(Words(), [TypedShape((1, 6), "int64"), (1, 6)], tmp_path / "words")
    export(str(tmp_path / "words"), app="python", out=tmp_path / "app", samples=1)
    assert "right: 1: output 0" in compare_in_python(tmp_path / "app")


def test_the_task_of_a_run_is_known(place: Path, tmp_path: Path) -> None:
    run = tmp_path / "pruned"
    run.mkdir()
    for ending in ("pdmodel", "pdiparams"):
        shutil.copy(place / f"colours.{ending}", run / f"model.{ending}")
    task = f"image_folder:{place / 'photos'}"
    (run / "result.json").write_text(json.dumps({"task": task, "metric": "accuracy"}))
    done = export(str(run), app="python", out=tmp_path / "app")
    assert (done.preprocessing, done.labels) == (True, 3)


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"app": "andriod"}, UnknownNameError, "android|linux"),
        ({"samples": 0}, UsageError, "--samples must be from 1"),
        ({"target": "arm"}, UsageError, "python is for x86, not for arm"),
        ({"target": "riscv"}, UnknownNameError, "riscv"),
        ({"pictures": [Path("nowhere.png")]}, BadFileError, "nowhere.png does not exist"),
        ({"mean": (1.0,)}, UsageError, "give some with --pictures"),
        ({"task": "digits"}, ModelError, "3 classes apart and the task has 10"),
        ({"precision": "fp17"}, UnknownNameError, "fp17"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_left(
    place: Path, tmp_path: Path, asked: dict[str, object], error: type[Exception], message: str
) -> None:
    given = {"app": "python", "out": tmp_path / "made" / "app", **asked}
    with pytest.raises(error, match=message):
        export(str(place / "colours"), **given)  # type: ignore[call-overload]
    assert not (tmp_path / "made" / "app").exists()
    assert not list(tmp_path.glob("made/*"))


def test_a_folder_that_exists_is_left_alone(place: Path, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "mine").write_text("x")
    with pytest.raises(UsageError, match="exists already; give a new folder with --out"):
        export(str(place / "colours"), app="python", out=tmp_path / "app")
    assert [path.name for path in (tmp_path / "app").iterdir()] == ["mine"]


def test_the_command_says_what_it_made(place: Path, tmp_path: Path) -> None:
    arguments = ("export", place / "colours", "--app", "linux")
    task = ("--task", f"image_folder:{place / 'photos'}", "--samples", "1")
    done = edgeslim(*arguments, *task, "--out", "app", "--json", folder=tmp_path)
    assert done.code == 0, done.err
    said = done.document
    assert (said["app"], said["target"], said["kind"]) == ("linux", "arm", "classes")
    there = {str(path.relative_to(tmp_path / "app")) for path in files(tmp_path / "app")}
    assert set(said["files"]) == there
    assert all(path.stat().st_mode & 0o444 for path in files(tmp_path / "app"))
    for path in files(tmp_path / "app"):
        assert str(place).encode() not in path.read_bytes(), path
    again = edgeslim(*arguments, *task, "--out", "app", folder=tmp_path)
    assert "exists already" in again.error(2)
    shown = edgeslim(*arguments, *task, "--out", "other", folder=tmp_path)
    assert "classifier for arm" in shown.out
    assert "ctest" in shown.out


def files(folder: Path) -> list[Path]:
    return [Path(root) / name for root, _, names in os.walk(folder) for name in names]


def test_results_are_plain_values(place: Path, tmp_path: Path) -> None:
    done = export(str(place / "colours"), app="linux", out=tmp_path / "app", samples=1)
    assert isinstance(done, Exported)
    assert done.proved_by
    assert done.size_bytes == (tmp_path / "app" / "data" / "model.nb").stat().st_size
