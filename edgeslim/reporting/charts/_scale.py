"""Where a value is on an axis, and which values are written beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Scale", "Tick"]

_FAR = 10.0
_STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """A value that is written beside an axis.

    Args:
        value: The value.
        label: How it is written.
    """

    value: float
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """An axis from one value to a larger one.

    Args:
        low: Where it begins.
        high: Where it ends.
        log: Whether equal ratios are equally long.
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
        """An axis that has all values in it and something to spare.

        Args:
            values: Those that are no numbers are left out.
            zero: Whether it begins at 0.
            log: Whether it is logarithmic; values of 0 or less are left out then.
            margin: What is to spare at each end, as a share of what is between.
        """
        known = [each for each in values if math.isfinite(each) and (each > 0 or not log)]
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
        """Where a value is: 0 at the beginning and 1 at the end of the axis.

        What is endlessly far, as an interval may be, is some axes away and so not seen.
        """
        if self.log:
            value = max(value, self.low * 1e-6)
            place = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            place = (value - self.low) / (self.high - self.low)
        return min(max(place, -_FAR), _FAR)

    def ticks(self, most: int = 5) -> tuple[Tick, ...]:
        """Round values of the axis, rising, at most so many and at least two if there are."""
        values = self._round_values(most)
        while len(values) < 2:
            most += 1
            values = self._round_values(most)
        decimals = _decimals(values)
        return tuple(
            Tick(value=each, label=_label(each, decimals, short=self.log)) for each in values
        )

    def _round_values(self, most: int) -> list[float]:
        if self.log and self.high / self.low > 4:
            for multiples in ((1, 2, 5), (1, 3), (1,)):
                first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
                found = [m * 10.0**p for p in range(first, last + 1) for m in multiples]
                found = [each for each in found if self.low <= each <= self.high]
                if 2 <= len(found) <= most:
                    return found
        raw = (self.high - self.low) / most
        magnitude = 10.0 ** math.floor(math.log10(raw))
        step = next(each * magnitude for each in _STEPS if each * magnitude >= raw * (1 - 1e-9))
        first_step, last_step = math.ceil(self.low / step - 1e-9), self.high / step + 1e-9
        return [index * step for index in range(first_step, math.floor(last_step) + 1)]


def _decimals(values: list[float]) -> int:
    """As many as keep all values apart and none of them from what it is."""
    for decimals in range(9):
        if all(abs(round(each, decimals) - each) <= 1e-9 * abs(each) for each in values):
            return decimals
    return 9


def _label(value: float, decimals: int, *, short: bool) -> str:
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if short and "." in text else text
