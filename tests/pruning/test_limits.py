"""Amounts of work as people write them."""

from __future__ import annotations

import pytest

from edgeslim.errors import UsageError
from edgeslim.pruning.limits import parse_macs


@pytest.mark.parametrize(
    ("text", "most"),
    [("-50%", 500.0), ("-12.5%", 875.0), ("300", 300.0), ("0.3k", 300.0), ("1.5M", 1.5e6)],
)
def test_shares_and_amounts(text: str, most: float) -> None:
    assert parse_macs(text, 1000.0) == pytest.approx(most)


@pytest.mark.parametrize("text", ["50%", "-100%", "-150%", "half", "", "-50", "0", "-1M", "nan"])
def test_what_is_no_amount_is_named(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_macs(text, 1000.0)
    assert text in str(caught.value)
