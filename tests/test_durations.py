"""Durations with units."""

from __future__ import annotations

import pytest

from edgeslim.durations import LatencyShare, format_ms, parse_latency, parse_ms, parse_s
from edgeslim.errors import UsageError


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("20ms", 20.0),
        ("1.5s", 1500.0),
        (" 2 min ", 120_000.0),
        ("1h", 3_600_000.0),
        ("250us", 0.25),
        ("250µs", 0.25),  # the sign of the unit
        ("250\u03bcs", 0.25),  # the Greek letter
        (".5MS", 0.5),
        ("+3.s", 3000.0),
    ],
)
def test_a_duration_is_a_number_with_its_unit(text: str, milliseconds: float) -> None:
    assert parse_ms(text) == pytest.approx(milliseconds)
    assert parse_s(text) == pytest.approx(milliseconds / 1e3)


@pytest.mark.parametrize("text", ["20", "1.5", " 3 ", "0"])
def test_a_bare_number_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(UsageError, match=rf"has no unit; write {text.strip()}ms or"):
        parse_ms(text)


@pytest.mark.parametrize("text", ["0ms", "-20ms", "-0.0s", "0.000s", "1" + "0" * 400 + "s"])
def test_nothing_negative_and_infinite_is_a_duration(text: str) -> None:
    with pytest.raises(UsageError, match="is not a duration above zero"):
        parse_ms(text)


@pytest.mark.parametrize("text", ["20m", "3 days", "5ns", "7 sec"])
def test_an_unknown_unit_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(UsageError, match="unknown unit; known: us, ms, s, min, h"):
        parse_ms(text)


def test_the_unit_of_a_share_is_known_where_one_may_be_written() -> None:
    with pytest.raises(UsageError, match=r"'75percent' has an unknown unit; .*, min, h, %$"):
        parse_latency("75percent")
    with pytest.raises(UsageError, match=r"known: us, ms, s, min, h$"):
        parse_ms("75percent")


@pytest.mark.parametrize("text", ["", "ms", "fast", "nan ms", "inf s", "1e3ms", "1,5s", "1s 2ms"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match=r"write it like 20ms or 1\.5s"):
        parse_ms(text)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (1234.0, "1.23 s"),
        (20.0, "20.00 ms"),
        (1.0, "1.00 ms"),
        (0.25, "250.0 us"),
        (0.00123, "1.23 us"),
        (0.0, "0.00 us"),
        (-3.0, "-3.00 ms"),
    ],
)
def test_a_latency_is_written_for_people(milliseconds: float, text: str) -> None:
    assert format_ms(milliseconds) == text


def test_a_latency_rounded_up_can_be_asked_for() -> None:
    assert format_ms(20.001, round_up=True) == "20.01 ms"
    assert format_ms(20.0, round_up=True) == "20.00 ms"
    assert format_ms(0.3, round_up=True) == "300.0 us"
    assert format_ms(1234.0, round_up=True) == "1.24 s"


@pytest.mark.parametrize(
    ("text", "share", "shown"),
    [("75%", 0.75, "75%"), (" 12.5 %", 0.125, "12.5%"), ("110%", 1.1, "110%")],
)
def test_a_latency_may_be_a_share_of_another(text: str, share: float, shown: str) -> None:
    found = parse_latency(text)
    assert found == LatencyShare(share)
    assert str(found) == shown
    assert LatencyShare(share).of(8.0) == pytest.approx(8.0 * share)


def test_what_a_share_comes_to_can_be_typed() -> None:
    target_ms = LatencyShare(1 / 3).of(0.123456789)
    assert parse_latency(f"{target_ms:g}ms") == target_ms


def test_what_goes_may_be_written_instead_of_what_is_left() -> None:
    assert parse_latency("-25%") == parse_latency("75%")


@pytest.mark.parametrize("text", ["0%", "-100%", "-150%", "1" + "0" * 400 + "%"])
def test_no_share_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(UsageError, match=r"leaves nothing of a latency; write .* 75%"):
        parse_latency(text)


@pytest.mark.parametrize("text", ["20", "75 percent", "%", "ms"])
def test_what_is_neither_is_refused_as_a_duration(text: str) -> None:
    with pytest.raises(UsageError, match=r"has no unit|is not a duration|unknown unit"):
        parse_latency(text)
