"""How the learning rate goes from step to step: our own way, and that of the originals.

The originals say it in words of their own, which `RateKeys` takes as they are: PaddleX
(``lr_decay_epochs``), PaddleSlim 1.x (``lr_strategy``, ``step_epochs``) and PaddleDetection
(``LearningRate`` with its ``schedulers``). Steps are counted from 0, as theirs are.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise, repeat
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from edgeslim.errors import UsageError

__all__ = [
    "OWN_SCHEDULE",
    "CosineDecay",
    "LinearWarmup",
    "PiecewiseDecay",
    "RateKeys",
    "Schedule",
    "ScheduledRate",
]

_WARM_UP_SHARE = 0.05
"""Of all steps. The full rate on untrained weights can throw them far off."""

_GAMMA = 0.1
_STEP_EPOCHS = (30, 60, 90)
"""As of PaddleSlim's examples."""

Count = Annotated[int, Meta(ge=1)]
Above = Annotated[float, Meta(gt=0)]
NotBelow = Annotated[float, Meta(ge=0)]


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """How the learning rate goes.

    Args:
        decay: ``cosine`` falls from step to step to nought, ``epoch-cosine`` from epoch to
            epoch, ``piecewise`` at some places.
        at_epochs: Those places, by epochs that are done.
        at_steps: Or by steps that are done.
        factors: Share of the highest rate after each place.
        values: The rates themselves instead, the one before the first place among them.
        cosine_steps: When a cosine is at nought, if not at the end.
        warmup_steps: In so many steps the rate rises to the highest; None for a twentieth of
            all, from the first step's share.
        warmup_start_lr: What it rises from.
        start_factor: The same as a share of the highest, where no rate is given.
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
            step: Counted from 0.
            total: How many there are.
            steps_an_epoch: Of which an epoch has so many.
            highest: The rate that everything is a share of.
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
            return self._piece(step, steps_an_epoch, highest)
        if self.decay == "epoch-cosine":
            epochs = max(1, total // steps_an_epoch)
            return highest * _cosine(step // steps_an_epoch, epochs)
        if self.cosine_steps is not None:
            return highest * _cosine(min(step, self.cosine_steps), self.cosine_steps)
        return highest * _cosine(step - warmup, max(1, total - warmup))

    @property
    def words(self) -> dict[str, str | float | None]:
        """The options of the command line that say it, as far as options can; None says nothing."""
        own = self.warmup_steps is None
        return {
            "--lr-strategy": "cosine_decay" if self.decay == "epoch-cosine" else None,
            "--lr-decay-epochs": ",".join(map(str, self.at_epochs)) or None,
            "--milestones": ",".join(map(str, self.at_steps)) or None,
            "--lr-decay-gamma": self.factors[0] if self.factors else None,
            "--warmup-steps": self.warmup_steps or (0 if self == _WITHOUT_WARM_UP else None),
            "--warmup-start-lr": None if own else self.warmup_start_lr,
            "--start-factor": None if own else self.start_factor or None,
        }

    def unreached(self, *, total: int, steps_an_epoch: int) -> str:
        """A sentence if the rate would fall after the training only, or nothing."""
        late = [place for place in self._places(steps_an_epoch) if place >= total]
        if not late:
            return ""
        every = self.at_epochs or self.at_steps
        unit, last = ("epoch", total // steps_an_epoch) if self.at_epochs else ("step", total)
        told = ", ".join(map(str, every[len(every) - len(late) :]))
        return (
            f"the learning rate falls after {unit} {told}, and the training has {last}: it does "
            "not fall then"
        )

    def _places(self, steps_an_epoch: int) -> list[int]:
        return [*self.at_steps, *(each * steps_an_epoch for each in self.at_epochs)]

    def _piece(self, step: int, steps_an_epoch: int, highest: float) -> float:
        number = bisect_right(self._places(steps_an_epoch), step)
        if self.values:
            return self.values[number]
        return highest * (self.factors[number - 1] if number else 1.0)


_WITHOUT_WARM_UP = Schedule(warmup_steps=0)

OWN_SCHEDULE = Schedule()
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
        milestones: These.
        gamma: What it is multiplied by at each; or shares of ``base_lr``, one for each.
        values: The rates themselves, one more than milestones.
    """

    milestones: Annotated[tuple[Count, ...], Meta(min_length=1)]
    gamma: Above | tuple[Above, ...] = _GAMMA
    values: tuple[Above, ...] | None = None


class CosineDecay(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag="CosineDecay",
    tag_field="class",
):
    """The rate falls as a cosine, and is nought after ``max_iters`` steps."""

    max_iters: Count


class LinearWarmup(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag="LinearWarmup",
    tag_field="class",
):
    """The rate rises in a line first.

    Args:
        steps: In so many steps.
        start_factor: From this share of ``base_lr``.
    """

    steps: Count = 500
    start_factor: NotBelow = 1 / 3


class ScheduledRate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``LearningRate`` of PaddleDetection's files.

    Args:
        base_lr: The highest rate.
        schedulers: What becomes of it: how it falls, and how it rises first.
    """

    base_lr: Above | None = None
    schedulers: tuple[PiecewiseDecay | CosineDecay | LinearWarmup, ...] = ()


class RateKeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The learning rate in the words of the originals.

    Args:
        learning_rate: The highest.
        lr: The same, as PaddleSlim's examples call it.
        lr_strategy: How it falls: from epoch to epoch as a cosine, or at some epochs.
        step_epochs: After these epochs, as PaddleSlim's examples call them.
        lr_decay_epochs: The same, as PaddleX calls them.
        milestones: Or after these steps.
        lr_decay_gamma: What it is multiplied by then.
        warmup_steps: In so many steps it rises to the highest; without a decay of the
            originals, before the falling cosine that is our own.
        warmup_start_lr: What it rises from.
        start_factor: The same as a share of the highest.
        scheduled: All of it as PaddleDetection's files have it.
    """

    learning_rate: Above | None = None
    lr: Above | None = None
    lr_strategy: Literal["piecewise_decay", "cosine_decay"] | None = None
    step_epochs: Annotated[tuple[Count, ...], Meta(min_length=1)] | None = None
    lr_decay_epochs: Annotated[tuple[Count, ...], Meta(min_length=1)] | None = None
    milestones: Annotated[tuple[Count, ...], Meta(min_length=1)] | None = None
    lr_decay_gamma: Above | None = None
    warmup_steps: Annotated[int, Meta(ge=0)] | None = None
    warmup_start_lr: NotBelow | None = None
    start_factor: NotBelow | None = None
    scheduled: ScheduledRate | None = msgspec.field(name="LearningRate", default=None)

    @property
    def highest(self) -> float | None:
        """The highest rate, if one is given; our own word goes before the others'."""
        theirs = None if self.scheduled is None else self.scheduled.base_lr
        return next((each for each in (self.learning_rate, self.lr, theirs) if each), None)

    @property
    def unused(self) -> Iterator[str]:
        """Names of rates that are given and are not taken, for another is."""
        given = {"learning_rate": self.learning_rate, "lr": self.lr}
        if self.scheduled is not None:
            given["LearningRate.base_lr"] = self.scheduled.base_lr
        names = [name for name, value in given.items() if value is not None]
        yield from names[1:]

    def schedule(self) -> Schedule:
        """How the rate goes.

        Raises:
            UsageError: Keys that do not go together; begins with the key's name.
        """
        flat = [name for name in _FLAT if getattr(self, name) is not None]
        if self.scheduled is not None and self.scheduled.schedulers:
            if flat:
                raise UsageError(f"{flat[0]}: LearningRate.schedulers says it already")
            return _scheduled(self.scheduled.schedulers)
        return msgspec.structs.replace(self._decay(), **self._warmup()) if flat else OWN_SCHEDULE

    def _decay(self) -> Schedule:
        given = [name for name in _DECAYS if getattr(self, name) is not None]
        if len(given) > 1:
            raise UsageError(f"{given[1]}: {given[0]} says it already")
        is_cosine = self.lr_strategy == "cosine_decay"
        if is_cosine and (given or self.lr_decay_gamma):
            key = given[0] if given else "lr_decay_gamma"
            raise UsageError(f"{key}: with lr_strategy: cosine_decay the rate falls in every epoch")
        if is_cosine:
            return Schedule(decay="epoch-cosine")
        if not given and self.lr_strategy is None:
            if self.lr_decay_gamma is not None:
                raise UsageError("lr_decay_gamma: lr_decay_epochs is missing, which says when")
            return OWN_SCHEDULE
        places = _STEP_EPOCHS if not given else getattr(self, given[0])
        _check_rising(given[0] if given else "step_epochs", places)
        factors = _powers(self.lr_decay_gamma or _GAMMA, len(places))
        if given == ["milestones"]:
            return Schedule(decay="piecewise", at_steps=places, factors=factors)
        return Schedule(decay="piecewise", at_epochs=places, factors=factors)

    def _warmup(self) -> dict[str, Any]:
        """With a decay of the originals there is no warm-up that is not asked for."""
        for key in ("warmup_start_lr", "start_factor"):
            if getattr(self, key) is not None and not self.warmup_steps:
                raise UsageError(f"{key}: warmup_steps is missing, which says for how long")
        if self.warmup_start_lr is not None and self.start_factor is not None:
            raise UsageError("start_factor: warmup_start_lr says it already")
        return {
            "warmup_steps": self.warmup_steps or 0,
            "warmup_start_lr": self.warmup_start_lr,
            "start_factor": self.start_factor or 0.0,
        }


_DECAYS = ("step_epochs", "lr_decay_epochs", "milestones")
_FLAT = (
    *("lr_strategy", *_DECAYS, "lr_decay_gamma"),
    *("warmup_steps", "warmup_start_lr", "start_factor"),
)


def _scheduled(schedulers: Sequence[PiecewiseDecay | CosineDecay | LinearWarmup]) -> Schedule:
    """What PaddleDetection's schedulers say together, in their order."""
    place = "LearningRate.schedulers"
    found = Schedule(warmup_steps=0)
    decays = 0
    for each in schedulers:
        if isinstance(each, LinearWarmup):
            found = msgspec.structs.replace(
                found, warmup_steps=each.steps, start_factor=each.start_factor
            )
            continue
        decays += 1
        if decays > 1:
            raise UsageError(f"{place}: a rate falls in one way, and two are given")
        if isinstance(each, CosineDecay):
            found = msgspec.structs.replace(found, cosine_steps=each.max_iters)
            continue
        found = msgspec.structs.replace(found, **_pieces(each, place))
    if not decays:
        raise UsageError(
            f"{place}: PiecewiseDecay or CosineDecay is missing, which say how it falls"
        )
    return found


def _pieces(decay: PiecewiseDecay, place: str) -> dict[str, Any]:
    count = len(decay.milestones)
    _check_rising(f"{place}.milestones", decay.milestones)
    if decay.values is not None:
        if len(decay.values) != count + 1:
            raise UsageError(
                f"{place}.values: {len(decay.values)} rates for {count} milestones; one is missing"
            )
        return {"decay": "piecewise", "at_steps": decay.milestones, "values": decay.values}
    if isinstance(decay.gamma, tuple):
        if len(decay.gamma) != count:
            raise UsageError(f"{place}.gamma: {len(decay.gamma)} shares for {count} milestones")
        factors = decay.gamma
    else:
        factors = _powers(decay.gamma, count)
    return {"decay": "piecewise", "at_steps": decay.milestones, "factors": factors}


def _check_rising(place: str, numbers: Sequence[int]) -> None:
    if any(one >= other for one, other in pairwise(numbers)):
        raise UsageError(f"{place}: {', '.join(map(str, numbers))} must rise")


def _powers(gamma: float, count: int) -> tuple[float, ...]:
    return tuple(accumulate(repeat(gamma, count), lambda before, each: before * each))


def _cosine(part: int, whole: int) -> float:
    return 0.5 + 0.5 * math.cos(math.pi * part / whole)
