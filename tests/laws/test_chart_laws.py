"""Laws of axes."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edgeslim.reporting.charts import Scale

numbers = st.floats(-1e6, 1e6)
above_zero = st.floats(1e-6, 1e6)
logarithmic = st.booleans()


@given(values=st.lists(above_zero, min_size=1, max_size=20), zero=st.booleans(), log=logarithmic)
def test_everything_has_its_place_between_the_ends(
    values: list[float], zero: bool, log: bool
) -> None:
    scale = Scale.around(values, zero=zero, log=log)
    assert all(0 <= scale.place(value) <= 1 for value in values)
    assert scale.low >= 0 or not zero


@given(values=st.lists(numbers, min_size=2, max_size=20))
def test_places_keep_the_order_of_values(values: list[float]) -> None:
    scale = Scale.around(values)
    places = [scale.place(value) for value in sorted(values)]
    assert places == sorted(places)


@given(low=above_zero, ratio=st.floats(1.01, 1e6), log=logarithmic, most=st.integers(2, 8))
def test_ticks_are_round_rising_and_told_apart(
    low: float, ratio: float, log: bool, most: int
) -> None:
    scale = Scale(low=low, high=low * ratio, log=log)
    ticks = scale.ticks(most)
    assert len(ticks) >= 2
    values = [tick.value for tick in ticks]
    assert values == sorted(set(values))
    assert all(-1e-9 <= scale.place(value) <= 1 + 1e-9 for value in values)
    labels = [tick.label for tick in ticks]
    assume(low * ratio > 1e-4)  # more decimals than nine are written by nobody
    assert len(set(labels)) == len(labels)
    for tick in ticks:
        assert float(tick.label.replace(",", "")) == pytest.approx(tick.value, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("low", "high", "log"), [(1, 1, False), (2, 1, False), (0, 1, True)])
def test_what_is_no_axis_is_refused(low: float, high: float, log: bool) -> None:
    with pytest.raises(ValueError, match="axis"):
        Scale(low=low, high=high, log=log)
