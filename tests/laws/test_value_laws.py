"""Laws of durations and of names that are missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.durations import format_ms, parse_ms
from edgeslim.errors import UnknownNameError, UsageError
from edgeslim.frozen import FrozenMap, freeze

durations = st.floats(1e-3, 1e9)


@given(milliseconds=durations)
def test_what_is_written_of_a_latency_is_within_half_a_percent_of_it(milliseconds: float) -> None:
    assert parse_ms(format_ms(milliseconds)) == pytest.approx(milliseconds, rel=5.1e-3)


@given(milliseconds=durations)
def test_a_latency_rounded_up_is_never_less_than_it_is(milliseconds: float) -> None:
    written = parse_ms(format_ms(milliseconds, round_up=True))
    assert milliseconds <= written <= milliseconds * 1.0101


@given(milliseconds=durations, longer=durations)
def test_written_latencies_keep_their_order(milliseconds: float, longer: float) -> None:
    shorter, longer = sorted([milliseconds, longer])
    assert parse_ms(format_ms(shorter)) <= parse_ms(format_ms(longer))


@given(text=st.text(max_size=8))
def test_a_text_is_a_duration_above_zero_or_refused(text: str) -> None:
    try:
        found = parse_ms(text)
    except UsageError as error:
        refused = str(error)
        assert repr(text) in refused
    else:
        assert found > 0


@given(name=st.text(), known=st.sets(st.text(min_size=1)))
def test_a_missing_name_says_itself_and_all_the_others(name: str, known: set[str]) -> None:
    message = str(UnknownNameError("thing", name, known))
    assert repr(name) in message
    assert all(name in message for name in known)


trees = st.recursive(st.integers(), lambda inner: st.lists(inner, max_size=3))


@given(items=st.dictionaries(st.text(), trees.map(freeze)), data=st.data())
@pytest.mark.slow
def test_a_frozen_map_does_not_depend_on_the_order_it_is_made_in(
    items: dict[str, object], data: st.DataObject
) -> None:
    shuffled = dict(data.draw(st.permutations(list(items.items()))))
    assert FrozenMap(items) == FrozenMap(shuffled)
    assert hash(FrozenMap(items)) == hash(FrozenMap(shuffled))
    assert dict(FrozenMap(items)) == items
