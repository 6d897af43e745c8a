"""Limits on a pruned model: a latency, or an amount of work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from edgeslim.counts import parse_count
from edgeslim.durations import format_ms
from edgeslim.errors import UsageError
from edgeslim.pruning.latency import LatencyModel
from edgeslim.pruning.subject import PrunableModel, Widths
from edgeslim.pruning.work import work_unit

__all__ = ["ModelLatencyLimit", "PruningLimit", "WorkLimit", "parse_macs"]

_SHARE = re.compile(r"-(?P<percent>\d+(\.\d+)?)%")


class PruningLimit(Protocol):
    """A limit on a number that falls with the widths."""

    @property
    def maximum(self) -> float:
        """The largest value allowed."""

    def of(self, widths: Widths) -> float:
        """The value at some widths."""

    def is_met(self, widths: Widths) -> bool:
        """Whether these widths are within the limit."""

    def narrowest(self) -> dict[str, int]:
        """The narrowest widths at which the value is known."""

    def format(self, value: float) -> str:
        """Formats a value with its unit, for people."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelLatencyLimit:
    """A limit on the predicted latency on a device.

    Args:
        model: Predicts the model's latency at any widths.
        target_ms: The limit in milliseconds.
        factor: Ratio of measured to predicted latency on the device.
    """

    model: LatencyModel
    target_ms: float
    factor: float = 1.0

    @property
    def maximum(self) -> float:
        return self.target_ms / self.factor

    def of(self, widths: Widths) -> float:
        return self.model.latency_ms(widths)

    def is_met(self, widths: Widths) -> bool:
        return self.of(widths) <= self.maximum

    def narrowest(self) -> dict[str, int]:
        chosen = self.model.subject.chosen
        return {name: min(self.model.choices[name]) for name in chosen}

    def format(self, value: float) -> str:
        return format_ms(value, round_up=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkLimit:
    """A limit on work, by one of the `edgeslim.pruning.work.COUNTERS`.

    Args:
        subject: The model to be pruned.
        maximum: The largest amount of work that is allowed.
        counter: Name of the counter of work.
    """

    subject: PrunableModel
    maximum: float
    counter: str = "macs"

    def of(self, widths: Widths) -> float:
        return self.subject.work(self.counter, widths)

    def is_met(self, widths: Widths) -> bool:
        return self.of(widths) <= self.maximum

    def narrowest(self) -> dict[str, int]:
        return dict.fromkeys(self.subject.chosen, 1)

    def format(self, value: float) -> str:
        return f"{value:,.0f} {work_unit(self.counter)}"


def parse_macs(text: str, full: float) -> float:
    """The amount of work that ``-50%`` or ``300M`` stands for.

    Args:
        text: A share to remove, or the amount that may be left.
        full: Work of the whole model.

    Raises:
        UsageError: It is neither, or would leave nothing.
    """
    share = _SHARE.fullmatch(text)
    if share is None:
        try:
            return float(parse_count(text))
        except UsageError:
            raise UsageError(
                f"{text!r} is not an amount of work; write it like -50% or 300M"
            ) from None
    most = full * (1 - float(share["percent"]) / 100)
    if not most > 0:
        raise UsageError(f"{text} would leave nothing of the model's {full:,.0f}")
    return most
