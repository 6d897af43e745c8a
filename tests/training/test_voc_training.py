"""Both detectors, as wide as they are, learn from a small set of real images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.errors import ModelError
from edgeslim.models import MODELS
from edgeslim.training.tasks import find_task
from edgeslim.training.trainer import TrainingSettings, build_seeded, train
from tests.training.voc_folders import write_small_voc

pytestmark = pytest.mark.slow

SHAPE = (1, 3, 64, 64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("voc")
    write_small_voc(folder, train=8, validation=4, side=64, kinds=(0, 1))
    return folder


@pytest.mark.parametrize(
    ("name", "epochs", "rate"), [("ssd-mobilenet-v1", 6, 0.01), ("yolov3-mobilenet-v1", 4, 0.001)]
)
def test_the_loss_falls(name: str, epochs: int, rate: float, folder: Path) -> None:
    task = find_task(f"voc:{folder}")
    assert task.num_classes == 2
    data = task.data(SHAPE, 0)
    net = build_seeded(lambda: MODELS.get(name).for_classes(task.num_classes), 0)
    result = train(
        net, data, TrainingSettings(epochs=epochs, batch_size=4, learning_rate=rate, seed=0)
    )
    assert result.losses[-1] < 0.7 * result.losses[0]
    assert np.isfinite(result.losses).all()
    assert 0 <= result.metric <= 1


class First:
    """The first few examples, never varied."""

    def __init__(self, examples: Any, count: int) -> None:
        self._examples = examples
        self._count = count

    def __len__(self) -> int:
        return self._count

    def batch(self, places: Any, rng: np.random.Generator | None) -> Any:
        return self._examples.batch(places, None)


def test_what_is_learnt_by_heart_is_found(folder: Path) -> None:
    """Loss, boxes, classes and metric speak of the same things, or this could not be."""
    data = find_task(f"voc:{folder}").data(SHAPE, 0)
    few = First(data.train, 4)
    net = build_seeded(lambda: MODELS.get("ssd-mobilenet-v1").for_classes(2), 0)
    seen = replace(data, train=few, validation=few)
    result = train(
        net, seen, TrainingSettings(epochs=120, batch_size=4, learning_rate=0.01, seed=0)
    )
    assert result.losses[-1] < 0.2
    assert result.metric > 0.9


def test_a_network_for_other_classes_is_refused(folder: Path) -> None:
    data = find_task(f"voc:{folder}").data(SHAPE, 0)
    net = MODELS.get("ssd-mobilenet-v1").for_classes(20)
    with pytest.raises(ModelError, match="20 classes, but the task has 2 "):
        train(net, data, TrainingSettings(epochs=1, batch_size=4, learning_rate=0.01, seed=0))
