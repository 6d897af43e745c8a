"""Sizes of memory are written with their unit."""

from __future__ import annotations

import pytest

from edgeslim.errors import UsageError
from edgeslim.sizes import parse_bytes, parse_kb, parse_mb


@pytest.mark.parametrize(
    ("text", "mb"), [("64M", 64.0), ("1.5G", 1500.0), ("512 kB", 0.512), ("64MiB", 67.108864)]
)
def test_a_size_is_read(text: str, mb: float) -> None:
    assert parse_mb(text) == pytest.approx(mb)
    assert parse_kb(text) == pytest.approx(1e3 * mb)
    assert parse_bytes(text) == round(1e6 * mb)


def test_a_bare_number_is_one_of_bytes() -> None:
    assert parse_bytes("300000") == 300_000
    with pytest.raises(UsageError, match="has no unit"):
        parse_bytes("0")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("64", "has no unit; write 64M"),
        ("64T", "unknown unit"),
        ("-1M", "not a size"),
        ("0M", "above zero"),
        ("", "not a size"),
    ],
)
def test_what_is_no_size_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_mb(text)
