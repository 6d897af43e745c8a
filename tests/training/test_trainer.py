from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import paddle
import pytest
from paddle import nn

from edgeslim.errors import ModelError, UsageError
from edgeslim.families.light_nas.architecture import BottleneckGroup, LightNasArchitecture
from edgeslim.families.light_nas.layers import LightNasNet
from edgeslim.training.evaluation import evaluate
from edgeslim.training.schedules import Schedule
from edgeslim.training.short_training import ShortTraining
from edgeslim.training.tasks import TaskData, find_task
from edgeslim.training.trainer import (
    TrainingResult,
    TrainingSettings,
    TrainingStep,
    build_seeded,
    train,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

from tests.training.numbers import settings_of

pytestmark = pytest.mark.slow

TASK = find_task("digits")
SHAPE = (1, 1, 16, 16)
DATA = TASK.data(SHAPE, seed=0)
ARCHITECTURE = LightNasArchitecture(
    stem_channels=8,
    groups=(
        BottleneckGroup(expansion=2, channels=12, layers=2, stride=2),
        BottleneckGroup(expansion=3, channels=16, layers=2, squeeze_excitation=True),
    ),
    head_channels=64,
)


def _net(num_classes: int = 10) -> nn.Layer:
    return LightNasNet(ARCHITECTURE, num_classes, in_channels=1)


def _train(net: nn.Layer, **changed: Any) -> TrainingResult:
    numbers = {"epochs": 2, "batch_size": 32, "learning_rate": 0.1, "seed": 3}
    settings, others = settings_of({**numbers, **changed})
    return train(net, DATA, settings, **others)


def test_learns() -> None:
    net = build_seeded(_net, 0)
    result = _train(net, epochs=3)
    assert result.metric > 0.8
    assert list(result.losses) == sorted(result.losses, reverse=True)
    assert len(result.losses) == 3
    assert not net.training
    assert evaluate(net, DATA.validation, DATA.metric) == result.metric


def test_same_seed_same_bits() -> None:
    first, second = build_seeded(_net, 1), build_seeded(_net, 1)
    one = _train(first, epochs=1, batch_size=256)
    paddle.seed(99)  # whatever was drawn before
    paddle.randn([7])
    _train(build_seeded(_net, 2), epochs=1, batch_size=256, seed=5)
    other = _train(second, epochs=1, batch_size=256)
    assert one == other
    weights = [[each.numpy() for each in net.parameters()] for net in (first, second)]
    assert all(np.array_equal(*pair) for pair in zip(*weights, strict=True))


def test_other_seed_other_bits() -> None:
    assert _train(build_seeded(_net, 1), epochs=1, batch_size=256) != _train(
        build_seeded(_net, 1), epochs=1, batch_size=256, seed=4
    )
    same, other = (build_seeded(_net, seed).parameters()[0].numpy() for seed in (1, 2))
    assert not np.array_equal(same, other)


def test_what_the_net_draws_is_seeded_too() -> None:
    def build() -> nn.Layer:
        return nn.Sequential(nn.Flatten(), nn.Linear(256, 16), nn.Dropout(0.5), nn.Linear(16, 10))

    assert len({_train(build_seeded(build, 0), learning_rate=0.01) for _ in range(2)}) == 1


def test_paddles_own_draws_go_on_as_before() -> None:
    def draws() -> list[NDArray[Any]]:
        return [paddle.randn([4]).numpy() for _ in range(2)]

    paddle.seed(0)
    undisturbed = draws()
    paddle.seed(0)
    first = paddle.randn([4]).numpy()
    build_seeded(_net, 5)
    assert np.array_equal([first, paddle.randn([4]).numpy()], undisturbed)


def test_every_step_is_told() -> None:
    steps: list[TrainingStep] = []
    result = _train(build_seeded(_net, 0), epochs=2, batch_size=600, on_step=steps.append)
    assert [(step.number, step.total) for step in steps] == [(n, 4) for n in range(1, 5)]
    assert result.losses[1] == pytest.approx((steps[2].loss + steps[3].loss) / 2)


def test_batch_larger_than_the_data() -> None:
    steps: list[TrainingStep] = []
    _train(build_seeded(_net, 0), epochs=1, batch_size=5000, on_step=steps.append)
    assert len(steps) == 1


def test_diverging_is_an_error() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(256, 64), nn.Linear(64, 10))
    with pytest.raises(ModelError, match=r"the loss is (nan|inf) at step \d+ of \d+"):
        _train(net, learning_rate=1e6)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("batch_size", 0),
        ("learning_rate", 0.0),
        ("learning_rate", math.nan),
        ("seed", -1),
    ],
)
def test_numbers_that_cannot_be_meant(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"{name} must be .*{value}"):
        _train(_net(), **{name: value})


def test_each_step_has_the_rate_of_the_schedule(tmp_path: Path) -> None:
    schedule = Schedule(decay="piecewise", at_epochs=(1,), factors=(0.5,), warmup_steps=2)
    taken: list[float] = []

    def on_step(step: TrainingStep) -> None:
        taken.append(step.rate)

    options: dict[str, Any] = {"batch_size": 500, "learning_rate": 0.08, "schedule": schedule}
    options["checkpoint"] = tmp_path / "checkpoint.npz"
    _train(build_seeded(_net, 1), **options, on_step=on_step)
    assert taken == [0.0, 0.04, 0.04, 0.04]
    del options["schedule"]
    with pytest.raises(UsageError, match="schedule"):
        _train(build_seeded(_net, 1), **options)


def test_short_training_is_repeatable() -> None:
    short = ShortTraining(TASK, SHAPE, epochs=1)
    first, other, again = (short.accuracy(_net, seed) for seed in (0, 1, 0))
    assert first == again
    assert 0.1 < first < 1
    assert 0.1 < other < 1


def test_scores_that_are_no_numbers_are_an_error() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(256, 10))
    net[1].bias.set_value(paddle.full([10], math.nan))
    with pytest.raises(ModelError, match="scores that are no numbers"):
        evaluate(net, DATA.validation, DATA.metric)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda outputs, _: outputs[0], r"the task's loss is \[32, 10\]; it must be one number"),
        (lambda *_: 3.0, "the task's loss is float; it must be one number, as a tensor"),
        (lambda *_: paddle.ones([]), "does not depend on any weight that can be trained"),
    ],
)
def test_losses_that_are_none(loss: Any, message: str) -> None:
    data = TaskData(train=DATA.train, validation=DATA.validation, loss=loss)
    with pytest.raises(ModelError, match=message):
        train(_net(), data, TrainingSettings(epochs=1, batch_size=32, learning_rate=0.1, seed=0))
