"""Times of a record: the value, its unit, its spread, and how many runs there were."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import msgspec

from edgeslim.errors import BadFileError, UsageError
from edgeslim.measurement import Measurement, RunSummary
from edgeslim.table_formats._format import Latency, LatencyUnit, RowRefusedError, parse_latency
from edgeslim.table_formats._timing_records import TimingRecord

__all__ = ["RecordTime", "read_time"]

_COMMA = re.compile(r"([0-9]+),([0-9]+)\Z")
_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+\.[0-9]*\Z")
_WITH_UNIT = re.compile(r"([0-9.]+)\s*([a-zA-Zµμ]+)\Z")
_MEANT = {
    "ns": ("nsec", "nanosecond", "nanoseconds"),
    "us": ("µs", "μs", "usec", "usecs", "microsecond", "microseconds"),
    "ms": ("msec", "msecs", "millisecond", "milliseconds", "millis"),
    "s": ("sec", "secs", "second", "seconds"),
}
"""Other words for the units that are read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordTime:
    """The time of a record.

    Args:
        latency: Latency with its precision.
        measurement: The latency, and what is known of the runs behind it.
        unit: Unit that the record is in.
    """

    latency: Latency
    measurement: Measurement
    unit: LatencyUnit


def read_time(record: TimingRecord, asked: LatencyUnit | None) -> RecordTime:
    """The time of a record.

    Args:
        record: Record that must have a time.
        asked: Unit that the user says; it must not differ from the record's own.

    Raises:
        BadFileError: It has none, or one that is not a time; the message has the mend.
        UsageError: The record and the user disagree about the unit.
    """
    text = _number_text(record, "time")
    if not text:
        raise BadFileError(
            f"{record.place}: there is no time; an operator that nobody timed is row 'untimed'"
        )
    unit = _unit(record, asked)
    _check_marks(record, "time", text)
    try:
        latency = parse_latency(text, unit)
    except RowRefusedError as error:
        raise BadFileError(
            f"{record.place}: a time must be a number above zero, not {text[:40]!r}; leave the row "
            "out, or make it 'untimed'"
        ) from error
    runs, spread = _runs(record), _spread(record, unit)
    measurement = Measurement(samples_ns=(latency.nanoseconds,))
    if runs or spread:
        deviation = spread * unit.nanoseconds / latency.nanoseconds
        summary = RunSummary(runs=runs or 1, deviation=deviation)
        measurement = msgspec.structs.replace(measurement, summary=summary)
    return RecordTime(latency=latency, measurement=measurement, unit=unit)


def _number_text(record: TimingRecord, column: str) -> str:
    value = record.fields.get(column, "")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadFileError(f"{record.place}: {column!r} must be a number, not {value!r}")
    return str(value).strip()


def _unit(record: TimingRecord, asked: LatencyUnit | None) -> LatencyUnit:
    text = record.text("unit")
    known = ", ".join(unit.value for unit in LatencyUnit)
    if not text:
        if asked is None:
            raise BadFileError(
                f"{record.place}: the time {record.fields['time']} has no unit; fill the column "
                f"'unit' with one of {known}, or give --unit"
            )
        return asked
    try:
        unit = LatencyUnit(text)
    except ValueError as error:
        near = [unit for unit, words in _MEANT.items() if text.lower() in {unit, *words}]
        mend = f"write {near[0]!r}" if near else f"convert the times to one of {known}"
        raise BadFileError(f"{record.place}: {text!r} is not a unit; {mend}") from error
    if asked not in {None, unit}:
        raise UsageError(
            f"{record.place}: the row is in {unit.value}, and not in {asked.value}; leave --unit "
            "out"
        )
    return unit


def _check_marks(record: TimingRecord, column: str, text: str) -> None:
    """Checks that a number is written with a point, and without marks beside it.

    Raises:
        BadFileError: It has a decimal comma, marks between thousands, or a unit behind it.
    """
    if comma := _COMMA.match(text):
        mend = f"has a decimal comma; write {comma[1]}.{comma[2]}"
    elif _THOUSANDS.match(text):
        mend = f"has commas between thousands; write {text.replace(',', '')}"
    elif with_unit := _WITH_UNIT.match(text):
        mend = f"has its unit in it; write {with_unit[1]}, and {with_unit[2]} in the column 'unit'"
    else:
        return
    raise BadFileError(f"{record.place}: the {column} {text!r} {mend}")


def _runs(record: TimingRecord) -> int:
    """How many runs the time is of; 0 is not known."""
    text = _number_text(record, "count")
    if not text:
        return 0
    try:
        runs = int(text)
    except ValueError:
        runs = 0
    if runs < 1:
        raise BadFileError(
            f"{record.place}: count is how many runs the time is of, at least 1, not {text!r}"
        )
    return runs


def _spread(record: TimingRecord, unit: LatencyUnit) -> float:
    """Standard deviation of the runs, in the unit of the time; 0 is not known."""
    text = _number_text(record, "spread")
    if not text:
        return 0.0
    if text.endswith("%"):
        raise BadFileError(
            f"{record.place}: the spread {text!r} is a share; write the standard deviation in "
            f"{unit.value}, as the time is"
        )
    _check_marks(record, "spread", text)
    try:
        spread = float(text)
    except ValueError:
        spread = -1.0
    if not 0 <= spread < math.inf:
        raise BadFileError(
            f"{record.place}: spread is a standard deviation in {unit.value}, 0 or more, not "
            f"{text[:40]!r}"
        )
    return spread
