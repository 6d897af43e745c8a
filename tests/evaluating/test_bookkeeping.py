"""Which pictures are shown, how many at once, and what is known after an interruption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeslim.conversion.prepare import PreparedModel
from edgeslim.errors import BadFileError, ModelError, UsageError
from edgeslim.evaluating.device_runs import BatchSize
from edgeslim.evaluating.task_pictures import TaskPictures
from edgeslim.evaluating.unfinished import FinishedBatch, Unfinished
from edgeslim.graph import Graph
from edgeslim.opspec import Shape

SETTINGS = {"file": "abc", "task": "digits"}


def batch(start: int, stop: int) -> FinishedBatch:
    numbers = np.arange(start, stop)
    return FinishedBatch(
        start=start,
        stop=stop,
        device={"output0": numbers[:, None] * 1.5},
        paddle={"output0": numbers[:, None] * 2.5},
        differences=np.where(numbers == 3, np.inf, numbers / 100),
        seconds=(0.25, 0.5),
    )


def test_batches_come_back_as_they_were(tmp_path: Path) -> None:
    for part in (batch(0, 4), batch(4, 9)):
        Unfinished(tmp_path, SETTINGS).add(part)
    first, second = Unfinished(tmp_path, SETTINGS).batches()
    assert (first.start, first.stop, second.start, second.stop) == (0, 4, 4, 9)
    assert second.device["output0"].tolist() == batch(4, 9).device["output0"].tolist()
    assert first.paddle["output0"].tolist() == batch(0, 4).paddle["output0"].tolist()
    assert first.differences.tolist() == [0, 0.01, 0.02, np.inf]
    assert first.seconds == (0.25, 0.5)


def test_what_follows_a_gap_is_shown_again(tmp_path: Path) -> None:
    for part in (batch(0, 4), batch(8, 9)):
        Unfinished(tmp_path, SETTINGS).add(part)
    assert [part.stop for part in Unfinished(tmp_path, SETTINGS).batches()] == [4]


def test_other_settings_begin_anew_and_leave_the_others_alone(tmp_path: Path) -> None:
    Unfinished(tmp_path, SETTINGS).add(batch(0, 4))
    other = Unfinished(tmp_path, {**SETTINGS, "threads": 2})
    assert other.batches() == []
    other.remove()
    assert len(Unfinished(tmp_path, SETTINGS).batches()) == 1
    Unfinished(tmp_path, SETTINGS).remove()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_batch_is_named_with_the_mend(tmp_path: Path) -> None:
    kept = Unfinished(tmp_path, SETTINGS)
    kept.add(batch(0, 4))
    (path,) = kept.folder.iterdir()
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(BadFileError, match=r"0000000-0000004\.npz is damaged.*delete it"):
        kept.batches()


def test_batches_take_seconds_and_stay_within_memory() -> None:
    sizes = BatchSize(bytes_each=1000, macs_each=1e7)
    assert sizes.size == 1500, "15 s by a guess of 1 GMAC a second"
    assert sizes.picture_s == pytest.approx(2.0)
    sizes.learn(1500, runs_s=3.0, device_s=4.0)
    assert sizes.size == 7000, "14 s of runs and the second that the start takes"
    assert sizes.picture_s == pytest.approx(0.04)
    sizes.learn(7000, runs_s=1e-6, device_s=1)
    assert sizes.size == (64 << 20) // 1000


def test_one_slow_picture_is_a_batch() -> None:
    sizes = BatchSize(bytes_each=1000, macs_each=1e8)
    sizes.learn(8, runs_s=800, device_s=900)
    assert sizes.size == 1
    assert BatchSize(bytes_each=1000, macs_each=1e12).size == 1


def test_batches_are_whole_runs() -> None:
    sizes = BatchSize(bytes_each=10 << 20, macs_each=1e6, multiple=4)
    assert sizes.size == 4
    sizes.learn(4, runs_s=0.1, device_s=0.2)
    assert sizes.size == 4


def test_a_full_device_gets_smaller_batches_down_to_one_run() -> None:
    sizes = BatchSize(bytes_each=1000, macs_each=1.875e9, multiple=2)
    seen = [sizes.size]
    while sizes.halve():
        seen.append(sizes.size)
    assert seen == [8, 4, 2]


def model(shape: Shape, output: Shape = (1, 10), kind: str = "float32") -> PreparedModel:
    """A model of which only the shapes matter."""
    graph = Graph(
        nodes=(),
        feeds={"image": shape},
        fetches=("scores",),
        parameters={"scores": output},
        feed_types={"image": kind},
    )
    return PreparedModel(
        name="net",
        prefix=Path("net"),
        program=Path("net.pdmodel"),
        parameters=Path("net.pdiparams"),
        graph=graph,
        changes=(),
    )


def test_the_same_pictures_are_drawn_each_time() -> None:
    some, again = (TaskPictures.of("digits", model((1, 1, 8, 8)), 50) for _ in range(2))
    assert (len(some), some.available, some.notes) == (50, 397, ())
    assert some.indices.tolist() == again.indices.tolist() == sorted(set(some.indices.tolist()))
    images, (labels,) = some.read(10, 13)
    assert images.shape == (3, 1, 8, 8)
    everything, (known,) = some.data.validation.batch(some.indices, None)
    assert np.array_equal(images, everything[10:13])
    assert labels.tolist() == known[10:13].tolist()


def test_of_too_few_pictures_all_are_used_and_a_note_says_so() -> None:
    found = TaskPictures.of("digits", model((1, 1, 8, 8)), 1000)
    assert found.indices.tolist() == list(range(397))
    assert found.notes == ("digits has 397 pictures to judge by, and all of them are used",)


def test_a_run_of_several_pictures_is_filled_up() -> None:
    found = TaskPictures.of("digits", model((4, 1, 8, 8), (4, 10)), 50)
    images, _ = found.read(0, 6)
    runs = found.as_runs(images)
    assert runs.shape == (2, 4, 1, 8, 8)
    assert np.array_equal(runs.reshape(8, 1, 8, 8)[:6], images)
    assert np.array_equal(runs[1, 3], images[5])
    given = [[np.full((4, 10), 1)], [np.full((4, 10), 2)]]
    (outputs,) = found.outputs_of(given, model((4, 1, 8, 8), (4, 10)), 6)
    assert outputs[:, 0].tolist() == [1, 1, 1, 1, 2, 2]


def test_axes_that_the_runtime_leaves_out_come_back() -> None:
    found = TaskPictures.of("digits", model((1, 1, 8, 8)), 50)
    (outputs,) = found.outputs_of([[np.arange(10)], [np.arange(10)]], model((1, 1, 8, 8)), 2)
    assert outputs.shape == (2, 10)


def test_outputs_without_a_row_for_each_picture_are_refused() -> None:
    found = TaskPictures.of("digits", model((1, 1, 8, 8)), 50)
    with pytest.raises(ModelError, match="a row of the same shape for each picture"):
        found.outputs_of([[np.zeros((3, 2))]], model((1, 1, 8, 8)), 1)


@pytest.mark.parametrize(
    ("given", "task", "images", "error", "message"),
    [
        (model((1, 3)), "digits", 5, ModelError, r"reads \[1, 3\] as 'image'"),
        (model((1, 1, 8, 8), kind="uint8"), "digits", 5, ModelError, "reads uint8"),
        (model((1, 1, 8, 8), (1, 9)), "digits", 5, ModelError, "has 9 classes and the task has 10"),
        (model((1, 1, 8, 8)), "digits", 0, UsageError, "--images must be at least 1, not 0"),
        (model((1, 1, 8, 8)), "digit", 5, UsageError, "did you mean 'digits'"),
    ],
)
def test_pictures_that_do_not_fit_are_told_before_anything_is_sent(
    given: PreparedModel, task: str, images: int, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        TaskPictures.of(task, given, images)


def test_more_classes_than_the_task_has_are_noted() -> None:
    found = TaskPictures.of("digits", model((1, 1, 8, 8), (1, 1000)), 5)
    assert found.notes == ("net has 1000 classes and the task has 10",)
