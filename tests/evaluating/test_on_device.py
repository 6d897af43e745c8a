"""Tasks' pictures through real models on this machine, and on one behind a link that breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgeslim.deployment.deploy import deploy
from edgeslim.deployment.evaluate import evaluate
from edgeslim.device import Location
from edgeslim.errors import BadFileError, ModelError, UsageError
from edgeslim.evaluating import device_runs
from edgeslim.progress import Stage
from edgeslim.runs.evaluation_history import EVALUATIONS, read_evaluations
from tests.devices.adb_daemon import AdbDaemon, Faults
from tests.devices.profiles import linked_profile
from tests.inference.nets import CLASSES, export_colours, export_finder
from tests.training.voc_folders import write_voc

pytestmark = pytest.mark.slow

COLOURS = {"blue": (20, 30, 250), "green": (20, 250, 30), "red": (250, 20, 30)}
PHOTOS = 12


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of three colours, the last in the wrong class; photos with objects; models."""
    folder = tmp_path_factory.mktemp("evaluated")
    rng = np.random.default_rng(0)
    for part in ("train", "val"):
        for number in range(PHOTOS):
            name = list(COLOURS)[number % 3]
            colour = np.clip(np.array(COLOURS[name]) + rng.integers(-15, 15, 3), 0, 255)
            path = folder / "photos" / part / name / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (20, 20), tuple(map(int, colour))).save(path)
    wrong = folder / "photos" / "val" / "red" / "wrong.png"
    Image.new("RGB", (20, 20), COLOURS["blue"]).save(wrong)
    export_colours(folder / "colours")
    export_finder(folder / "finder", noise=0.1)
    objects = [(name, (1.0, 1.0, 20.0, 20.0), 0) for name in CLASSES]
    keys = [f"{letter}" for letter in "abcd"]
    voc = write_voc(
        folder / "voc", dict.fromkeys(["t", *keys], objects), {"train": ["t"], "val": keys}
    )
    (voc / "labels.txt").write_text("\n".join(CLASSES), encoding="utf-8")
    return folder


class StopsAfter:
    """A progress at which something happens once a batch is done."""

    def __init__(self, action: Callable[[], None]) -> None:
        self.notes: list[str] = []
        self._action = action

    @contextmanager
    def stage(self, title: str, total: float) -> Iterator[Stage]:
        del total
        yield _Stage(self.notes, self._action if title == "pictures" else lambda: None)


class _Stage:
    def __init__(self, notes: list[str], action: Callable[[], None]) -> None:
        self._notes, self._action = notes, action

    def advance(self, amount: float = 1.0, *, note: str = "") -> None:
        del amount
        self.note(note)
        if not note:
            self._action()

    def note(self, text: str) -> None:
        self._notes += [text] if text else []


def interrupt() -> None:
    raise KeyboardInterrupt


def test_an_interrupted_evaluation_goes_on_and_ends_the_same(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_runs, "_AIM_S", 8e-4)  # so few pictures are several batches
    asked: dict[str, Any] = {
        "model": str(place / "colours"),
        "task": f"image_folder:{place / 'photos'}",
        "device": "host",
        "images": 500,
        "out": tmp_path / "run",
    }
    with pytest.raises(KeyboardInterrupt):
        evaluate(**asked, progress=StopsAfter(interrupt))
    (kept,) = (tmp_path / "run").glob("unfinished-*/*.npz")
    assert kept.name == "0000000-0000008.npz"
    progress, again = StopsAfter(lambda: None), StopsAfter(lambda: None)
    damaged = tmp_path / "run" / EVALUATIONS
    damaged.write_text("no record\n")
    with pytest.raises(BadFileError):
        evaluate(**asked, progress=progress)
    assert progress.notes == ["8 of 13 pictures were shown before"]
    damaged.unlink()
    found = evaluate(**asked, progress=again).on_device
    assert found is not None
    assert again.notes == ["13 of 13 pictures were shown before"]
    accuracy = found.accuracy
    (metric,) = accuracy.metrics
    assert metric.device.value == metric.paddle.value == pytest.approx(12 / 13)
    assert (metric.only_device, metric.only_paddle) == (0, 0)
    assert metric.interval[0] < 0 < metric.interval[1]
    assert (accuracy.images, accuracy.available, accuracy.same_answers) == (13, 13, 13)
    assert accuracy.largest_difference < 1e-4
    assert accuracy.runs_s > 0
    assert "all of them are used" in accuracy.notes[0]
    assert read_evaluations(tmp_path / "run" / EVALUATIONS) == (found,)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [EVALUATIONS]


def test_a_detector_is_judged_over_a_link_that_breaks(
    place: Path,
    adb_daemon: AdbDaemon,
    adb_device: Location,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    profile = tmp_path / "device_profiles" / "phone.toml"
    profile.parent.mkdir()
    profile.write_text(
        linked_profile("phone", "adb", f'serial = "{adb_device.serial}"', adb_device.folder)
    )
    asked: dict[str, Any] = {
        "model": str(place / "finder"),
        "task": f"voc:{place / 'voc'}",
        "device": "phone",
        "out": tmp_path / "run",
    }
    adb_daemon.messages = 0
    adb_daemon.faults = Faults(cut_after=60)
    found = evaluate(**asked).on_device
    assert found is not None
    (metric,) = found.accuracy.metrics
    assert metric.name == "mean_average_precision"
    assert metric.difference == 0
    assert found.device.transport == "adb"
    assert found.accuracy.same_answers == 4
    assert adb_daemon.faults.cuts_left == 0, "the link broke"


def test_a_task_that_does_not_fit_is_refused_before_the_conversion(
    place: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    with pytest.raises(ModelError, match="has 3 classes and the task has 10"):
        evaluate(str(place / "colours"), task="digits", device="host", out=out)
    with pytest.raises(UsageError, match="--images is for a device"):
        evaluate(str(place / "colours"), task="digits", images=5)
    assert not out.exists()


def test_a_deployment_judges_its_model_on_the_way(place: Path, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"rounds": 1, "rewrite": False, "out": tmp_path / "run"}
    task = f"image_folder:{place / 'photos'}"
    done = deploy(str(place / "colours"), evaluate=task, images=6, **asked)
    (found,) = done.record.evaluations
    (model,) = done.models
    assert (found.model, found.precision, found.sha256) == (model.id, model.precision, model.sha256)
    assert (found.images, found.same_answers) == (6, 6)
    assert not list((tmp_path / "run").glob("unfinished-*"))
    with pytest.raises(UsageError, match="name it with --evaluate"):
        deploy(str(place / "colours"), images=6, **asked)
