"""Schedules of the learning rate: edgeslim's own, and those of the originals.

The originals have keys of their own, which `RateKeys` takes as they are: PaddleX
(``lr_decay_epochs``), PaddleSlim 1.x (``lr_strategy``, ``step_epochs``) and PaddleDetection
(``LearningRate`` with its ``schedulers``). Steps are counted from 0, as theirs are.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate, pairwise, repeat
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from edgeslim.errors import UsageError
from edgeslim.options import Option

__all__ = [
    "DEFAULT_SCHEDULE",
    "FLAT_KEYS",
    "CosineDecay",
    "LinearWarmup",
    "PiecewiseDecay",
    "RateKeys",
    "Schedule",
    "ScheduledRate",
]

_WARM_UP_SHARE = 0.05
"""Share of all steps that warm up. The full rate on untrained weights can throw them far off."""

_GAMMA = 0.1
_STEP_EPOCHS = (30, 60, 90)
"""Epochs of PaddleSlim's examples after which the rate falls."""

Count = Annotated[int, Meta(ge=1)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Learning rates of all steps of a training, as shares of the highest rate.

    Args:
        decay: ``cosine`` falls to zero from step to step, ``epoch-cosine`` from epoch to
            epoch, ``piecewise`` at milestones.
        at_epochs: Milestones of ``piecewise``, as numbers of epochs that are done.
        at_steps: Milestones of ``piecewise``, as numbers of steps that are done.
        factors: Share of the highest rate after each milestone.
        values: Rates instead of shares, with the one before the first milestone.
        cosine_steps: Step at which a cosine is zero, if not the last one.
        warmup_steps: Number of steps in which the rate rises to the highest; None for a
            twentieth of all steps, from the first step's share.
        warmup_start_lr: Rate that the warm-up starts from.
        start_factor: Share of the highest rate that it starts from, if no rate is given.
    """

    decay: Literal["cosine", "epoch-cosine", "piecewise"] = "cosine"
    at_epochs: tuple[Count, ...] = ()
    at_steps: tuple[Count, ...] = ()
    factors: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    cosine_steps: int | None = None
    warmup_steps: int | None = None
    warmup_start_lr: float | None = None
    start_factor: float = 0.0

    def rate(self, step: int, *, total: int, steps_an_epoch: int, highest: float) -> float:
        """The learning rate of a step.

        Args:
            step: Index of the step, from 0.
            total: Number of steps of the training.
            steps_an_epoch: Number of steps of an epoch.
            highest: Highest rate, which factors are shares of.
        """
        warmup = self.warmup_steps
        if warmup is None:
            warmup = max(1, round(total * _WARM_UP_SHARE))
            if step < warmup:
                return highest * ((step + 1) / warmup)
        elif step < warmup:
            low = self.start_factor * highest
            if self.warmup_start_lr is not None:
                low = self.warmup_start_lr
            return low + (highest - low) * step / warmup
        if self.decay == "piecewise":
            return self._piecewise_rate(step, steps_an_epoch, highest)
        if self.decay == "epoch-cosine":
            epochs = max(1, total // steps_an_epoch)
            return highest * _cosine(step // steps_an_epoch, epochs)
        if self.cosine_steps is not None:
            return highest * _cosine(min(step, self.cosine_steps), self.cosine_steps)
        return highest * _cosine(step - warmup, max(1, total - warmup))

    @property
    def options(self) -> dict[str, str | float | None]:
        """Values of the options in `RateKeys` that make this schedule; None for absent ones."""
        own = self.warmup_steps is None
        return {
            "lr_strategy": "cosine_decay" if self.decay == "epoch-cosine" else None,
            "lr_decay_epochs": ",".join(map(str, self.at_epochs)) or None,
            "milestones": ",".join(map(str, self.at_steps)) or None,
            "lr_decay_gamma": self.factors[0] if self.factors else None,
            "warmup_steps": self.warmup_steps or (0 if self == _WITHOUT_WARM_UP else None),
            "warmup_start_lr": None if own else self.warmup_start_lr,
            "start_factor": None if own else self.start_factor or None,
        }

    def late_decay_text(self, *, total: int, steps_an_epoch: int) -> str:
        """Warning that the rate would fall after the training has ended; else an empty text."""
        late = [step for step in self._milestones(steps_an_epoch) if step >= total]
        if not late:
            return ""
        every = self.at_epochs or self.at_steps
        unit, last = ("epoch", total // steps_an_epoch) if self.at_epochs else ("step", total)
        beyond = ", ".join(map(str, every[len(every) - len(late) :]))
        return (
            f"the learning rate falls after {unit} {beyond}, but the training ends after {last}: "
            "it does not fall there"
        )

    def _milestones(self, steps_an_epoch: int) -> list[int]:
        return [*self.at_steps, *(epoch * steps_an_epoch for epoch in self.at_epochs)]

    def _piecewise_rate(self, step: int, steps_an_epoch: int, highest: float) -> float:
        number = bisect_right(self._milestones(steps_an_epoch), step)
        if self.values:
            return self.values[number]
        return highest * (self.factors[number - 1] if number else 1.0)


_WITHOUT_WARM_UP = Schedule(warmup_steps=0)

DEFAULT_SCHEDULE = Schedule()
"""A warm-up of a twentieth of all steps, then a falling cosine."""


class PiecewiseDecay(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag="PiecewiseDecay",
    tag_field="class",
):
    """The rate falls at some steps.

    Args:
        milestones: Steps at which the rate falls, rising.
        gamma: Factor of the rate at each milestone; or shares of ``base_lr``, one for each.
        values: Rates between milestones, one more than there are milestones.
    """

    milestones: Annotated[tuple[Count, ...], Meta(min_length=1)]
    gamma: Positive | tuple[Positive, ...] = _GAMMA
    values: tuple[Positive, ...] | None = None


class CosineDecay(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag="CosineDecay",
    tag_field="class",
):
    """The rate falls as a cosine, and is zero after ``max_iters`` steps."""

    max_iters: Count


class LinearWarmup(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag="LinearWarmup",
    tag_field="class",
):
    """The rate rises linearly first.

    Args:
        steps: Number of steps in which the rate rises.
        start_factor: Share of ``base_lr`` that it starts from.
    """

    steps: Count = 500
    start_factor: NotNegative = 1 / 3


class ScheduledRate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``LearningRate`` of PaddleDetection's files.

    Args:
        base_lr: Highest rate of the schedule.
        schedulers: How the rate falls, and how it rises first.
    """

    base_lr: Positive | None = None
    schedulers: tuple[PiecewiseDecay | CosineDecay | LinearWarmup, ...] = ()


def _parse_numbers(option: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(number) for number in text.split(","))
    except ValueError as error:
        raise UsageError(f"{option}: {text!r} is no list of numbers such as 30,60,90") from error


_RATE = Option("Schedule of the learning rate")
_DECAY_EPOCHS = _RATE(
    *("--lr-decay-epochs", "--step-epochs"), parse=partial(_parse_numbers, "--lr-decay-epochs")
)
_MILESTONES = _RATE("--milestones", parse=partial(_parse_numbers, "--milestones"))


class RateKeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The learning rate in the keys of the originals."""

    learning_rate: Positive | None = None
    """Highest rate of the schedule."""
    lr: Positive | None = None
    """Highest rate, as PaddleSlim's examples call it."""
    lr_strategy: Annotated[
        Literal["piecewise_decay", "cosine_decay"] | None, _RATE("--lr-strategy", parse=str)
    ] = None
    """How the rate falls: cosine_decay or piecewise_decay; else a cosine after a warm-up."""
    step_epochs: Annotated[tuple[Count, ...], Meta(min_length=1)] | None = None
    """Epochs after which it falls, as PaddleSlim's examples call them."""
    lr_decay_epochs: Annotated[
        Annotated[tuple[Count, ...], Meta(min_length=1)] | None, _DECAY_EPOCHS
    ] = None
    """Epochs after which the rate falls: 30,60."""
    milestones: Annotated[Annotated[tuple[Count, ...], Meta(min_length=1)] | None, _MILESTONES] = (
        None
    )
    """Steps after which the rate falls, instead of epochs: 11000,12400."""
    lr_decay_gamma: Annotated[Positive | None, _RATE("--lr-decay-gamma", "--gamma")] = None
    """Factor that the rate falls by; 0.1 by default."""
    warmup_steps: Annotated[Annotated[int, Meta(ge=0)] | None, _RATE] = None
    """Steps in which the rate rises first."""
    warmup_start_lr: Annotated[NotNegative | None, _RATE] = None
    """Rate at the start of the rise; 0 by default."""
    start_factor: Annotated[NotNegative | None, _RATE] = None
    """That rate as a share of the highest one."""
    scheduled: ScheduledRate | None = msgspec.field(name="LearningRate", default=None)
    """The whole schedule in the keys of PaddleDetection's files."""

    @property
    def highest(self) -> float | None:
        """Highest rate, if one is given; ``learning_rate`` comes before the others' keys."""
        theirs = None if self.scheduled is None else self.scheduled.base_lr
        return next((rate for rate in (self.learning_rate, self.lr, theirs) if rate), None)

    @property
    def unused_rates(self) -> Iterator[str]:
        """Names of rates that are given but not used, because another one is."""
        given = {"learning_rate": self.learning_rate, "lr": self.lr}
        if self.scheduled is not None:
            given["LearningRate.base_lr"] = self.scheduled.base_lr
        names = [name for name, value in given.items() if value is not None]
        yield from names[1:]

    def schedule(self) -> Schedule:
        """The schedule that these keys describe.

        Raises:
            UsageError: Keys that contradict each other; begins with the key's name.
        """
        flat = [name for name in FLAT_KEYS if getattr(self, name) is not None]
        if self.scheduled is not None and self.scheduled.schedulers:
            if flat:
                raise UsageError(f"{flat[0]}: LearningRate.schedulers sets it already; remove one")
            return _schedule_of(self.scheduled.schedulers)
        return (
            msgspec.structs.replace(self._decay(), **self._warmup()) if flat else DEFAULT_SCHEDULE
        )

    def _decay(self) -> Schedule:
        given = [name for name in _DECAYS if getattr(self, name) is not None]
        if len(given) > 1:
            raise UsageError(f"{given[1]}: {given[0]} sets it already; remove one")
        is_cosine = self.lr_strategy == "cosine_decay"
        if is_cosine and (given or self.lr_decay_gamma):
            key = given[0] if given else "lr_decay_gamma"
            raise UsageError(f"{key}: with lr_strategy: cosine_decay the rate falls in every epoch")
        if is_cosine:
            return Schedule(decay="epoch-cosine")
        if not given and self.lr_strategy is None:
            if self.lr_decay_gamma is not None:
                raise UsageError("lr_decay_gamma: add lr_decay_epochs, when the rate falls")
            return DEFAULT_SCHEDULE
        when = getattr(self, given[0]) if given else _STEP_EPOCHS
        _check_rising(given[0] if given else "step_epochs", when)
        factors = _powers(self.lr_decay_gamma or _GAMMA, len(when))
        if given == ["milestones"]:
            return Schedule(decay="piecewise", at_steps=when, factors=factors)
        return Schedule(decay="piecewise", at_epochs=when, factors=factors)

    def _warmup(self) -> dict[str, Any]:
        """Fields of the warm-up; with a decay of the originals, there is none by default."""
        for key in ("warmup_start_lr", "start_factor"):
            if getattr(self, key) is not None and not self.warmup_steps:
                raise UsageError(f"{key}: add warmup_steps, the number of steps of the warm-up")
        if self.warmup_start_lr is not None and self.start_factor is not None:
            raise UsageError("start_factor: warmup_start_lr sets it already; remove one")
        return {
            "warmup_steps": self.warmup_steps or 0,
            "warmup_start_lr": self.warmup_start_lr,
            "start_factor": self.start_factor or 0.0,
        }


_DECAYS = ("step_epochs", "lr_decay_epochs", "milestones")
FLAT_KEYS = (
    *("lr_strategy", *_DECAYS, "lr_decay_gamma"),
    *("warmup_steps", "warmup_start_lr", "start_factor"),
)
"""Keys of `RateKeys` that are options of the command line too."""


def _schedule_of(schedulers: Sequence[PiecewiseDecay | CosineDecay | LinearWarmup]) -> Schedule:
    """The schedule that PaddleDetection's schedulers describe together, in their order."""
    key = "LearningRate.schedulers"
    found = Schedule(warmup_steps=0)
    decays = 0
    for scheduler in schedulers:
        if isinstance(scheduler, LinearWarmup):
            found = msgspec.structs.replace(
                found, warmup_steps=scheduler.steps, start_factor=scheduler.start_factor
            )
            continue
        decays += 1
        if decays > 1:
            raise UsageError(f"{key}: two decays are given; remove one")
        if isinstance(scheduler, CosineDecay):
            found = msgspec.structs.replace(found, cosine_steps=scheduler.max_iters)
            continue
        found = msgspec.structs.replace(found, **_piecewise_fields(scheduler, key))
    if not decays:
        raise UsageError(f"{key}: add PiecewiseDecay or CosineDecay, by which the rate falls")
    return found


def _piecewise_fields(decay: PiecewiseDecay, key: str) -> dict[str, Any]:
    count = len(decay.milestones)
    _check_rising(f"{key}.milestones", decay.milestones)
    if decay.values is not None:
        if len(decay.values) != count + 1:
            raise UsageError(
                f"{key}.values: {len(decay.values)} rates for {count} milestones; give {count + 1}"
            )
        return {"decay": "piecewise", "at_steps": decay.milestones, "values": decay.values}
    if isinstance(decay.gamma, tuple):
        if len(decay.gamma) != count:
            raise UsageError(f"{key}.gamma: {len(decay.gamma)} shares for {count} milestones")
        factors = decay.gamma
    else:
        factors = _powers(decay.gamma, count)
    return {"decay": "piecewise", "at_steps": decay.milestones, "factors": factors}


def _check_rising(key: str, numbers: Sequence[int]) -> None:
    if any(one >= other for one, other in pairwise(numbers)):
        raise UsageError(f"{key}: {', '.join(map(str, numbers))} must rise")


def _powers(gamma: float, count: int) -> tuple[float, ...]:
    return tuple(accumulate(repeat(gamma, count), lambda before, factor: before * factor))


def _cosine(part: int, whole: int) -> float:
    return 0.5 + 0.5 * math.cos(math.pi * part / whole)
