"""Counts as people write and read them."""

from __future__ import annotations

import pytest

from edgeslim.counts import format_count, parse_count
from edgeslim.errors import UsageError


def test_one_is_singular_and_everything_else_plural() -> None:
    assert [format_count(number, "operator") for number in (0, 1, 2, 1234)] == [
        *("0 operators", "1 operator", "2 operators", "1,234 operators")
    ]
    assert format_count(1, "operator is", "operators are") == "1 operator is"
    assert format_count(3, "operator is", "operators are") == "3 operators are"


@pytest.mark.parametrize(("text", "count"), [("300M", 300_000_000), (" 1.5k ", 1500), ("7", 7)])
def test_a_count_may_have_a_unit(text: str, count: int) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "0", "-3", "3 apples", "1e3", "0.2"])
def test_what_is_no_count_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="is not a count of one or more; write it like 4M"):
        parse_count(text)
