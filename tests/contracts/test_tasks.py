"""Every task on the shelf, whatever it is."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from edgeslim.errors import BadFileError, UsageError
from edgeslim.picture_steps import apply
from edgeslim.training.tasks import (
    TASKS,
    DescribesPictures,
    Examples,
    Metric,
    TaskData,
    TaskEntry,
    find_task,
)

SHAPE = (1, 3, 32, 32)
ENTRIES = TASKS.members()
READY = [
    name
    for name, entry in ENTRIES.items()
    if not entry.holds or (entry.default_folder is not None and entry.default_folder.is_dir())
]
"""Those whose examples are here."""


@pytest.fixture(scope="module")
def data() -> dict[str, TaskData]:
    return {name: find_task(name).data(SHAPE, 0) for name in READY}


@pytest.mark.parametrize("name", ENTRIES)
def test_it_says_what_it_is(name: str) -> None:
    entry = ENTRIES[name]
    assert isinstance(entry, TaskEntry)
    assert entry.summary
    assert "\n" not in entry.summary


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry.holds])
def test_an_empty_folder_is_refused_at_once_or_when_it_is_read(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match=str(tmp_path)):
        find_task(f"{name}:{tmp_path}").data(SHAPE, 0)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_folder_is_needed_or_refused(name: str, tmp_path: Path) -> None:
    if not ENTRIES[name].holds:
        with pytest.raises(UsageError, match="takes no folder"):
            find_task(f"{name}:{tmp_path}")
    elif name not in READY:
        with pytest.raises(UsageError, match=re.escape(ENTRIES[name].holds)):
            find_task(name)


def test_there_are_some_to_go_on_with() -> None:
    assert "digits" in READY


@pytest.mark.parametrize("name", READY)
def test_examples_and_metric_are_what_the_trainer_takes(
    name: str, data: dict[str, TaskData]
) -> None:
    task = find_task(name)
    assert task.num_classes >= 2
    assert task.metric_name.replace("_", "").isalpha()
    for examples in (data[name].train, data[name].validation):
        assert isinstance(examples, Examples)
        assert len(examples) > 1
        places = np.asarray([len(examples) - 1, 0], np.int64)
        for rng in (None, np.random.default_rng(0)):
            images, targets = examples.batch(places, rng)
            assert images.shape == (2, *SHAPE[1:])
            assert images.dtype == np.float32
            assert np.isfinite(images).all()
            assert isinstance(targets, tuple)
            assert all(len(target) == 2 for target in targets)
    assert isinstance(data[name].metric(), Metric)


@pytest.mark.parametrize("name", READY)
def test_what_is_judged_is_the_same_every_time(name: str, data: dict[str, TaskData]) -> None:
    places = np.asarray([1, 0], np.int64)
    first, again = (data[name].validation.batch(places, None)[0] for _ in range(2))
    assert np.array_equal(first, again)


@pytest.mark.parametrize("name", READY)
@pytest.mark.parametrize("shape", [SHAPE, (1, 1, 56, 28)])
def test_the_steps_of_a_picture_give_what_the_task_reads(
    name: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    task = find_task(name)
    assert isinstance(task, DescribesPictures)
    steps = task.picture_steps(shape)
    assert steps is not None
    pictures = task.example_pictures(3)
    assert len(pictures) == 3
    for picture in pictures:
        picture.save(tmp_path / "shown.png")
        read = task.picture(tmp_path / "shown.png", shape)
        assert picture.size == (steps.width, steps.height)  # nothing is resized
        assert apply(steps, np.asarray(picture)).tobytes() == read.tobytes()
