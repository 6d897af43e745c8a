"""Where a value stands on an axis, and which values are written beside the axis."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Scale", "Tick"]

_FAR = 10.0
"""Lengths of the axis: a value that is farther away, even infinitely, is drawn there, unseen."""
_STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """A value that is written beside an axis.

    Args:
        value: Where it stands on the axis.
        label: The text that is written.
    """

    value: float
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """The values that an axis spans.

    Args:
        low: The value at its beginning.
        high: The value at its end, which is larger.
        log: Whether the axis is logarithmic.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"an axis goes from a number to a larger one: {self.low}, {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"a logarithmic axis begins above 0, not at {self.low}")

    @staticmethod
    def around(
        values: Iterable[float], *, zero: bool = False, log: bool = False, margin: float = 0.06
    ) -> Scale:
        """Makes a scale that holds all values, with a margin.

        Args:
            values: What it must hold; values that are not finite are left out.
            zero: Whether it begins at 0.
            log: Whether it is logarithmic; values of 0 or less are left out then.
            margin: Room at each end, as a share of the distance between the extremes.
        """
        known = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
        if not known:
            return Scale(low=0.1, high=1.0, log=True) if log else Scale(low=0.0, high=1.0)
        low, high = min(known), max(known)
        if log:
            spare = max((high / low) ** margin, 1.05)
            return Scale(low=low / spare, high=high * spare, log=True)
        if zero:
            low, high = min(low, 0.0), max(high, 0.0)
        spare = margin * (high - low) or 0.05 * max(abs(low), abs(high)) or 0.5
        begins = 0.0 if zero and low == 0 else low - spare
        return Scale(low=begins, high=0.0 if zero and high == 0 else high + spare)

    def place(self, value: float) -> float:
        """Where a value stands: 0 at the beginning of the axis, 1 at its end."""
        if self.log:
            value = max(value, self.low * 1e-6)
            place = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            place = (value - self.low) / (self.high - self.low)
        return min(max(place, -_FAR), _FAR)

    def ticks(self, most: int = 5) -> tuple[Tick, ...]:
        """Round values of the axis, rising: at least two, and no more than ``most`` if possible."""
        values = self._round_values(most)
        while len(values) < 2:
            most += 1
            values = self._round_values(most)
        decimals = _decimals(values)
        return tuple(
            Tick(value=value, label=_label(value, decimals, short=self.log)) for value in values
        )

    def _round_values(self, most: int) -> list[float]:
        if self.log and self.high / self.low > 4:
            for multiples in ((1, 2, 5), (1, 3), (1,)):
                first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
                found = [m * 10.0**p for p in range(first, last + 1) for m in multiples]
                found = [value for value in found if self.low <= value <= self.high]
                if 2 <= len(found) <= most:
                    return found
        raw = (self.high - self.low) / most
        magnitude = 10.0 ** math.floor(math.log10(raw))
        step = next(
            step_size * magnitude
            for step_size in _STEPS
            if step_size * magnitude >= raw * (1 - 1e-9)
        )
        first_step, last_step = math.ceil(self.low / step - 1e-9), self.high / step + 1e-9
        return [index * step for index in range(first_step, math.floor(last_step) + 1)]


def _decimals(values: list[float]) -> int:
    """The fewest decimals that write every value exactly."""
    for decimals in range(9):
        if all(abs(round(value, decimals) - value) <= 1e-9 * abs(value) for value in values):
            return decimals
    return 9


def _label(value: float, decimals: int, *, short: bool) -> str:
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if short and "." in text else text
