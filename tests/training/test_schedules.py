"""Learning rates in the words of the originals, held against Paddle's own schedulers."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeslim.compression.configuration_checks import read_configuration
from edgeslim.errors import EdgeslimError, UsageError
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.training.schedules import DEFAULT_SCHEDULE, RateKeys, Schedule
from edgeslim.training.train_model import TrainRequest
from tests.typed import asked

EPOCHS, AN_EPOCH, HIGHEST = 6, 5, 0.4


def rates(schedule: Schedule, highest: float = HIGHEST) -> list[float]:
    total = EPOCHS * AN_EPOCH
    return [
        schedule.rate(step, total=total, steps_an_epoch=AN_EPOCH, highest=highest)
        for step in range(total)
    ]


def keys(**given: Any) -> Schedule:
    return msgspec.convert(given, RateKeys).schedule()


def of_paddle(scheduler: Any) -> list[float]:
    found = []
    for _ in range(EPOCHS * AN_EPOCH):
        found.append(scheduler())
        scheduler.step()
    return found


def piecewise(
    boundaries: list[int], values: list[float], *, warmup_steps: int = 0, start_lr: float = 0.0
) -> list[float]:
    """Both count the same steps, as in Paddle 1; today's warm-up holds the other's count back."""
    rate = load_paddle().optimizer.lr
    falling = of_paddle(rate.PiecewiseDecay(boundaries, values))
    if not warmup_steps:
        return falling
    rising = of_paddle(rate.LinearWarmup(HIGHEST, warmup_steps, start_lr, HIGHEST))
    return [*rising[:warmup_steps], *falling[warmup_steps:]]


def test_paddlex_decays_at_epochs_after_a_warm_up() -> None:
    found = rates(
        keys(lr_decay_epochs=[2, 4], lr_decay_gamma=0.5, warmup_steps=4, warmup_start_lr=0.04)
    )
    assert found[:5] == pytest.approx([0.04, 0.13, 0.22, 0.31, 0.4])
    assert found[9:11] == pytest.approx([0.4, 0.2])
    assert found == pytest.approx(
        piecewise([10, 20], [0.4, 0.2, 0.1], warmup_steps=4, start_lr=0.04)
    )
    assert rates(keys(lr_decay_epochs=[2, 4])) == pytest.approx(
        piecewise([10, 20], [0.4, 0.04, 0.004])
    )


def test_paddleslim_decays_at_epochs_or_as_a_cosine_of_epochs() -> None:
    assert rates(keys(lr_strategy="piecewise_decay", step_epochs=[3])) == pytest.approx(
        piecewise([15], [0.4, 0.04])
    )
    assert keys(lr_strategy="piecewise_decay").at_epochs == (30, 60, 90)
    cosine = rates(keys(lr_strategy="cosine_decay"))
    by_epochs = load_paddle().optimizer.lr.CosineAnnealingDecay(HIGHEST, T_max=EPOCHS)
    wanted = []
    for _ in range(EPOCHS):
        wanted += [by_epochs()] * AN_EPOCH
        by_epochs.step()
    assert cosine == pytest.approx(wanted)


DETECTION = """
compressor:
  epoch: 6
  LearningRate:
    base_lr: 0.4
    schedulers:
    - !PiecewiseDecay
      gamma: 0.1
      milestones:
      - 12
      - 25
    - !LinearWarmup
      start_factor: 0.25
      steps: 6
"""


def read(folder: Path, text: str, *overrides: str) -> Any:
    (folder / "c.yaml").write_text(text)
    return read_configuration(folder / "c.yaml", overrides)


def test_paddledetections_block_is_read_as_it_is(tmp_path: Path) -> None:
    found = read(tmp_path, DETECTION).compressor
    assert found.highest == 0.4
    wanted = piecewise([12, 25], [0.4, 0.04, 0.004], warmup_steps=6, start_lr=0.1)
    assert rates(found.schedule()) == pytest.approx(wanted)
    shares = read(tmp_path, DETECTION, "compressor.LearningRate.schedulers.0.gamma=[0.3, 0.2]")
    assert rates(shares.compressor.schedule())[12::13] == pytest.approx([0.12, 0.08])
    values = read(tmp_path, DETECTION, "compressor.LearningRate.schedulers.0.values=[3, 2, 1]")
    assert rates(values.compressor.schedule())[11:13] == [3, 2]
    slower = read(tmp_path, DETECTION, "compressor.learning_rate=0.2")
    assert slower.compressor.highest == 0.2
    (note,) = slower.notes
    assert note.startswith("compressor.LearningRate.base_lr has no effect")
    cosine = DETECTION.replace("PiecewiseDecay", "CosineDecay").replace("gamma: 0.1", "")
    cosine = cosine.replace("milestones:\n      - 12\n      - 25", "max_iters: 30")
    found = rates(read(tmp_path, cosine).compressor.schedule())
    falling = load_paddle().optimizer.lr.CosineAnnealingDecay(HIGHEST, T_max=30)
    assert found[6:] == pytest.approx(of_paddle(falling)[6:])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("lr_decay_epochs: [2, 2]", "compressor.lr_decay_epochs: 2, 2 must rise"),
        ("lr_decay_epochs: [0]", "compressor.lr_decay_epochs.0: expected `int` >= 1"),
        (
            "lr_decay_epochs: [2], step_epochs: [3]",
            "lr_decay_epochs: step_epochs sets it",
        ),
        ("lr_decay_gamma: 0.1", "compressor.lr_decay_gamma: add lr_decay_epochs"),
        ("warmup_start_lr: 0.1", "compressor.warmup_start_lr: add warmup_steps"),
        ("lr_strategy: cosine_decay, step_epochs: [3]", "compressor.step_epochs: with lr_strategy"),
        ("lr_strategy: cosine", "compressor.lr_strategy: unknown value 'cosine'"),
        ("LearningRat: {}", "compressor.LearningRat: unknown key 'LearningRat'; did you mean"),
        (
            "LearningRate: {schedulers: [!LinearWarmup {steps: 5}]}",
            "compressor.LearningRate.schedulers: add PiecewiseDecay or CosineDecay",
        ),
        (
            "LearningRate: {schedulers: [!PiecewiseDecay {milestones: [3], gamma: [1, 2]}]}",
            "compressor.LearningRate.schedulers.gamma: 2 shares for 1 milestones",
        ),
        (
            "lr_decay_epochs: [2], LearningRate: {schedulers: [!CosineDecay {max_iters: 9}]}",
            "compressor.lr_decay_epochs: LearningRate.schedulers sets it already; remove one",
        ),
        ("LearningRate: {schedulers: [!Poly {max_iters: 9}]}", "is no YAML"),
    ],
)
def test_what_cannot_be_meant_is_said_by_its_key(tmp_path: Path, given: str, says: str) -> None:
    with pytest.raises(EdgeslimError) as caught:
        read(tmp_path, f"compressor: {{epoch: 3, {given}}}")
    assert says in str(caught.value)


def options(line: str = "") -> Schedule:
    return asked(TrainRequest, f"net --task digits --out out {line}").schedule


def test_options_say_the_same_as_keys() -> None:
    assert options() == DEFAULT_SCHEDULE
    assert options("--step-epochs 2,4 --gamma 0.5") == keys(
        lr_decay_epochs=[2, 4], lr_decay_gamma=0.5
    )
    stepped = options("--milestones 12,25 --warmup-steps 6 --start-factor 0.25")
    assert rates(stepped) == pytest.approx(
        piecewise([12, 25], [0.4, 0.04, 0.004], warmup_steps=6, start_lr=0.1)
    )
    for wrong, says in (
        ("--lr-decay-epochs 2;4", "--lr-decay-epochs: '2;4' is no list of numbers"),
        ("--lr-decay-epochs 0", "--lr-decay-epochs: expected `int` >= 1"),
        ("--lr-decay-gamma 0.5", "--lr-decay-gamma: add --lr-decay-epochs"),
        ("--lr-strategy cosine", "--lr-strategy: invalid enum value 'cosine'"),
    ):
        with pytest.raises(UsageError) as caught:
            options(wrong)
        assert str(caught.value).startswith(says)


def test_without_a_word_the_rate_rises_to_the_highest_and_falls_to_the_end() -> None:
    for total in (1, 2, 5, 200):
        found = [
            DEFAULT_SCHEDULE.rate(step, total=total, steps_an_epoch=1, highest=1.0)
            for step in range(total)
        ]
        highest = found.index(max(found))
        assert found[highest] == 1
        assert all(0 < each <= 1 for each in found)
        assert all(a > b for a, b in itertools.pairwise(found[highest + 1 :]))
        assert highest <= max(1, total // 10)


def test_a_decay_that_the_training_does_not_come_to_is_said() -> None:
    warning = keys(lr_decay_epochs=[2, 6, 9]).late_decay_text(total=30, steps_an_epoch=5)
    assert warning.startswith("the learning rate falls after epoch 6, 9, but the training")
    assert keys(milestones=[29]).late_decay_text(total=30, steps_an_epoch=5) == ""
    assert "step 30" in keys(milestones=[30]).late_decay_text(total=30, steps_an_epoch=5)
