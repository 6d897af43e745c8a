"""What a pruned model must come down to: a latency, or an amount of work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from edgeslim.counts import parse_count
from edgeslim.durations import format_ms
from edgeslim.errors import UsageError
from edgeslim.pruning.latency import LatencyModel
from edgeslim.pruning.subject import Subject, Widths
from edgeslim.pruning.work import work_unit

__all__ = ["LatencyLimit", "Limit", "WorkLimit", "parse_macs"]

_SHARE = re.compile(r"-(?P<percent>\d+(\.\d+)?)%")


class Limit(Protocol):
    """A number that falls with the widths, and how far it must."""

    @property
    def most(self) -> float:
        """The largest value allowed."""

    def of(self, widths: Widths) -> float:
        """The value at some widths."""

    def holds(self, widths: Widths) -> bool:
        """Whether these widths are within the limit."""

    def least(self) -> dict[str, int]:
        """The narrowest widths that anything is known of."""

    def text(self, value: float) -> str:
        """A value for people, with its unit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LatencyLimit:
    """Predicted latency on a device.

    Args:
        model: Predicts it.
        target_ms: The limit.
        factor: What the device was found to take for each predicted millisecond.
    """

    model: LatencyModel
    target_ms: float
    factor: float = 1.0

    @property
    def most(self) -> float:
        return self.target_ms / self.factor

    def of(self, widths: Widths) -> float:
        return self.model.latency_ms(widths)

    def holds(self, widths: Widths) -> bool:
        return self.of(widths) <= self.most

    def least(self) -> dict[str, int]:
        chosen = self.model.subject.chosen
        return {name: min(self.model.choices[name]) for name in chosen}

    def text(self, value: float) -> str:
        return format_ms(value, round_up=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkLimit:
    """Work by one of the `edgeslim.pruning.work.COUNTERS`.

    Args:
        subject: What is pruned.
        most: The limit.
        counter: Name of the counter.
    """

    subject: Subject
    most: float
    counter: str = "macs"

    def of(self, widths: Widths) -> float:
        return self.subject.work(self.counter, widths)

    def holds(self, widths: Widths) -> bool:
        return self.of(widths) <= self.most

    def least(self) -> dict[str, int]:
        return dict.fromkeys(self.subject.chosen, 1)

    def text(self, value: float) -> str:
        return f"{value:,.0f} {work_unit(self.counter)}"


def parse_macs(text: str, full: float) -> float:
    """The amount of work that ``-50%`` or ``300M`` stands for.

    Args:
        text: A share to take away, or what may be left.
        full: What the whole model does.

    Raises:
        UsageError: Neither, or nothing that would be a limit.
    """
    share = _SHARE.fullmatch(text)
    if share is None:
        try:
            return float(parse_count(text))
        except UsageError:
            raise UsageError(f"{text!r} is no amount of work; write it like -50% or 300M") from None
    most = full * (1 - float(share["percent"]) / 100)
    if not most > 0:
        raise UsageError(f"{text} would leave nothing of the model's {full:,.0f}")
    return most
