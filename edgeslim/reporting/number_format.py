"""How numbers are written for people: with their unit, and without meaningless digits."""

from __future__ import annotations

import math
from collections.abc import Iterable

from edgeslim.opspec import OpSpec
from edgeslim.reporting.document import Cell, NumberUnit

__all__ = [
    "format_in_column",
    "format_ms",
    "format_ms_interval",
    "format_operator",
    "format_percent",
    "format_spread",
    "format_value",
    "latency_axis",
    "numbers_of",
]

_MICRO = "\N{MICRO SIGN}s"
_MINUS = "\N{MINUS SIGN}"
_SPACE = "\N{NO-BREAK SPACE}"
"""Between a number and its unit, where no line may end."""


def format_value(value: Cell, unit: NumberUnit) -> str:
    """Writes a value with its unit; an unknown one as a dash."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return format_ms_interval(value) if unit is NumberUnit.MS else _between(value, unit)
    if isinstance(value, str):
        return value.replace("T", " ").replace("+00:00", "") if unit is NumberUnit.MOMENT else value
    return _number(float(value), unit)


def format_in_column(value: Cell, unit: NumberUnit, factor: float) -> str:
    """Writes a value of a column whose head says the unit of latencies (see `latency_axis`)."""
    if unit is NumberUnit.MS and isinstance(value, tuple):
        return " to ".join(_significant(end * factor) for end in value)
    if unit is NumberUnit.MS and isinstance(value, (int, float)) and math.isfinite(value):
        return _significant(value * factor)
    return format_value(value, unit)


def format_ms(value: float) -> str:
    """Writes a latency with three digits or more, in µs, ms or s."""
    factor, unit = latency_axis([value])
    return f"{_significant(value * factor)}{_SPACE}{unit}"


def format_ms_interval(interval: tuple[float, float]) -> str:
    """Writes an interval of latencies, both ends in one unit."""
    factor, unit = latency_axis(interval)
    low, high = (_significant(end * factor) for end in interval)
    return f"{low} to {high}{_SPACE}{unit}"


def format_percent(share: float, decimals: int = 1) -> str:
    """Writes a share of 0 to 1 in percent."""
    return f"{100 * share:.{decimals}f}{_SPACE}%".replace("-", _MINUS)


def latency_axis(values_ms: Iterable[float | None]) -> tuple[float, str]:
    """The unit that suits several latencies, and the factor from milliseconds to it."""
    known = [
        abs(value_ms) for value_ms in values_ms if value_ms is not None and math.isfinite(value_ms)
    ]
    largest = max(known, default=0.0)
    if largest >= 1000:
        return 1e-3, "s"
    return (1.0, "ms") if largest >= 1 else (1e3, _MICRO)


def format_operator(spec: OpSpec) -> str:
    """Writes an operator as its kind and shapes, with an arrow that no line break can split."""
    return str(spec).replace("->", "\N{RIGHTWARDS ARROW}")


def format_spread(spread: float, samples: int) -> str:
    """Writes count and spread of samples, as they stand behind every median."""
    return (
        f"median of {samples:,} samples, middle half within "
        f"\N{PLUS-MINUS SIGN}{format_percent(spread)}"
    )


def numbers_of(cells: Iterable[Cell]) -> list[float]:
    """The numbers among cells; of an interval, its upper end."""
    found = []
    for cell in cells:
        value = cell[1] if isinstance(cell, tuple) else cell
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found.append(float(value))
    return found


def _between(interval: tuple[float, float], unit: NumberUnit) -> str:
    return " to ".join(_number(end, unit) for end in interval)


def _number(value: float, unit: NumberUnit) -> str:
    if unit is NumberUnit.MS:
        return format_ms(value)
    if unit is NumberUnit.BYTES:
        return f"{value / 1e6:.2f}{_SPACE}MB" if value >= 1e4 else f"{value / 1e3:.2f}{_SPACE}kB"
    if unit is NumberUnit.CHANGE:
        sign = "+" if value >= 0 else _MINUS
        return f"{sign}{format_percent(abs(value))}"
    texts = {
        NumberUnit.S: f"{value:,.1f}{_SPACE}s",
        NumberUnit.SHARE: format_percent(value),
        NumberUnit.RATIO: f"{_significant(value)}\N{MULTIPLICATION SIGN}",
        NumberUnit.COUNT: f"{value:,.0f}",
        NumberUnit.CELSIUS: f"{value:.0f}{_SPACE}\N{DEGREE SIGN}C",
        NumberUnit.MHZ: f"{value:,.0f}{_SPACE}MHz",
    }
    return texts.get(unit, _significant(value)).replace("-", _MINUS)


def _significant(value: float) -> str:
    """Writes a number with at least three digits, and all before the point."""
    if math.isinf(value):
        return "\N{INFINITY}" if value > 0 else f"{_MINUS}\N{INFINITY}"
    size = abs(value)
    if size and size < 1e-3:
        return f"{value:.1e}"
    decimals = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 3
    return f"{value:,.{decimals}f}".replace("-", _MINUS)
