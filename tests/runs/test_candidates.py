"""What a search knows of its candidates."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.runs.candidates import Candidate, pareto_front
from tests.searching.searches import candidate

LATENCY = st.sampled_from([0.1, 0.2, 0.3, 0.5])
CANDIDATES = st.integers(1, 2).flatmap(
    lambda devices: st.lists(
        st.builds(
            Candidate,
            number=st.integers(0, 99),
            tokens=st.tuples(st.integers(0, 9)),
            predicted_ms=st.tuples(*[LATENCY] * devices),
            accuracy=st.sampled_from([0.1, 0.5, 0.6, 0.9]),
        )
    )
)


def at_least_as_good(left: Candidate, right: Candidate) -> bool:
    faster = all(map(float.__le__, left.predicted_ms, right.predicted_ms))
    return faster and left.accuracy >= right.accuracy


@given(candidates=CANDIDATES)
def test_the_front_is_what_nothing_beats_and_it_leaves_out_nothing_better(
    candidates: list[Candidate],
) -> None:
    front = pareto_front(candidates)
    assert set(map(msgspec.json.encode, front)) <= set(map(msgspec.json.encode, candidates))
    assert [each.predicted_ms for each in front] == sorted(each.predicted_ms for each in front)
    for index, each in enumerate(front):
        others = [*front[:index], *front[index + 1 :]]
        assert not any(at_least_as_good(other, each) for other in others)
    for each in candidates:
        assert any(at_least_as_good(other, each) for other in front)


def test_a_latency_is_measured_where_it_was_and_else_predicted() -> None:
    two = candidate(predicted_ms=(0.1, 0.2))
    assert two.latencies_ms == (0.1, 0.2)
    assert not two.is_measured
    measured = msgspec.structs.replace(two, measured_ms=(None, 0.3))
    assert measured.latencies_ms == (0.1, 0.3)
    assert measured.is_measured
