"""How numbers are written for people: with their unit, and no digit that means nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable

from edgeslim.opspec import OpSpec
from edgeslim.reporting.document import Cell, Unit

__all__ = [
    "latency_axis",
    "ms",
    "ms_between",
    "numbers_of",
    "percent",
    "shown",
    "shown_in_column",
    "told_operator",
    "told_spread",
]

_MICRO = "\N{MICRO SIGN}s"
_MINUS = "\N{MINUS SIGN}"
_SPACE = "\N{NO-BREAK SPACE}"
"""Between a number and its unit, where no line may end."""


def shown(value: Cell, unit: Unit) -> str:
    """A number with its unit; of nothing, a dash."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ms_between(value) if unit is Unit.MS else _between(value, unit)
    if isinstance(value, str):
        return value.replace("T", " ").replace("+00:00", "") if unit is Unit.MOMENT else value
    return _number(float(value), unit)


def shown_in_column(value: Cell, unit: Unit, factor: float) -> str:
    """A number of a column whose head says the unit of latencies; see `latency_axis`."""
    if unit is Unit.MS and isinstance(value, tuple):
        return " to ".join(_significant(each * factor) for each in value)
    if unit is Unit.MS and isinstance(value, (int, float)) and math.isfinite(value):
        return _significant(value * factor)
    return shown(value, unit)


def ms(value: float) -> str:
    """A latency with three digits or more, in the unit that suits it."""
    factor, unit = latency_axis([value])
    return f"{_significant(value * factor)}{_SPACE}{unit}"


def ms_between(interval: tuple[float, float]) -> str:
    """An interval of latencies in one unit."""
    factor, unit = latency_axis(interval)
    low, high = (_significant(each * factor) for each in interval)
    return f"{low} to {high}{_SPACE}{unit}"


def percent(share: float, decimals: int = 1) -> str:
    """A share of 0 to 1 in percent."""
    return f"{100 * share:.{decimals}f}{_SPACE}%".replace("-", _MINUS)


def latency_axis(values_ms: Iterable[float | None]) -> tuple[float, str]:
    """What latencies are multiplied by to be shown together, and the unit they then have."""
    known = [abs(each) for each in values_ms if each is not None and math.isfinite(each)]
    largest = max(known, default=0.0)
    if largest >= 1000:
        return 1e-3, "s"
    return (1.0, "ms") if largest >= 1 else (1e3, _MICRO)


def told_operator(spec: OpSpec) -> str:
    """An operator by its kind and shapes, with an arrow that no line is broken in."""
    return str(spec).replace("->", "\N{RIGHTWARDS ARROW}")


def told_spread(spread: float, samples: int) -> str:
    """Spread and count of samples, as they stand behind every median."""
    return f"median of {samples:,} samples, middle half within \N{PLUS-MINUS SIGN}{percent(spread)}"


def numbers_of(cells: Iterable[Cell]) -> list[float]:
    """The numbers among cells; of an interval, its upper end."""
    found = []
    for each in cells:
        value = each[1] if isinstance(each, tuple) else each
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found.append(float(value))
    return found


def _between(interval: tuple[float, float], unit: Unit) -> str:
    return " to ".join(_number(each, unit) for each in interval)


def _number(value: float, unit: Unit) -> str:
    if unit is Unit.MS:
        return ms(value)
    if unit is Unit.BYTES:
        return f"{value / 1e6:.2f}{_SPACE}MB" if value >= 1e4 else f"{value / 1e3:.2f}{_SPACE}kB"
    if unit is Unit.CHANGE:
        sign = "+" if value >= 0 else _MINUS
        return f"{sign}{percent(abs(value))}"
    texts = {
        Unit.S: f"{value:,.1f}{_SPACE}s",
        Unit.SHARE: percent(value),
        Unit.RATIO: f"{_significant(value)}\N{MULTIPLICATION SIGN}",
        Unit.COUNT: f"{value:,.0f}",
        Unit.CELSIUS: f"{value:.0f}{_SPACE}\N{DEGREE SIGN}C",
        Unit.MHZ: f"{value:,.0f}{_SPACE}MHz",
    }
    return texts.get(unit, _significant(value)).replace("-", _MINUS)


def _significant(value: float) -> str:
    """At least three digits, and all before the point."""
    if math.isinf(value):
        return "\N{INFINITY}" if value > 0 else f"{_MINUS}\N{INFINITY}"
    size = abs(value)
    if size and size < 1e-3:
        return f"{value:.1e}"
    decimals = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 3
    return f"{value:,.{decimals}f}".replace("-", _MINUS)
