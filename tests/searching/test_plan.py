"""What a search does next, for everything that can be known of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.runs.candidates import Candidate
from edgeslim.runs.search_settings import SearchRound, SearchSettings
from edgeslim.searching.plan import Evaluate, Finish, Measure, Step, Train, next_step
from tests.searching.searches import candidate, settings, targets


class Believing:
    """Limits that hold for some networks."""

    def __init__(self, *tokens: int) -> None:
        self._tokens = tokens

    def are_met(self, population: list[tuple[int, ...]]) -> Any:
        return np.array([each[0] in self._tokens for each in population], np.bool_)


def step(
    wanted: SearchSettings,
    results: dict[int, Candidate | None],
    *,
    measurable: tuple[bool, ...] = (True,),
    believed: tuple[int, ...] = tuple(range(100)),
) -> Step:
    def limits_of(_: SearchRound) -> Any:
        return Believing(*believed)

    asked = tuple(
        msgspec.structs.replace(target, measurable=can)
        for target, can in zip(wanted.targets, measurable, strict=True)
    )
    return next_step(replace(wanted, targets=asked), results, limits_of)


def evaluated(*accuracies: float, **more: Any) -> dict[int, Candidate | None]:
    return {
        number: candidate(number, (number,), accuracy=accuracy, **more)
        for number, accuracy in enumerate(accuracies)
    }


def measured(
    results: dict[int, Candidate | None], took: dict[int, float]
) -> dict[int, Candidate | None]:
    return {
        number: each and msgspec.structs.replace(each, measured_ms=(took.get(number),))
        for number, each in results.items()
    }


FOUR = settings(targets=targets(1.0), candidates=4, most_candidates=6, parallel=1)


def test_first_all_candidates_are_evaluated() -> None:
    for known in ({}, evaluated(0.5), {0: None, 2: candidate(2)}):
        assert step(FOUR, known) == Evaluate(part=SearchRound(number=0, first=0, end=4))


def test_then_the_best_are_measured_three_at_once() -> None:
    found = step(FOUR, evaluated(0.1, 0.4, 0.3, 0.2))
    assert isinstance(found, Measure)
    assert found.candidates == (1, 2, 3)


def test_the_most_accurate_that_meets_its_limit_wins_and_nothing_better_is_left_unmeasured() -> (
    None
):
    known = evaluated(0.1, 0.4, 0.3, 0.2)
    assert step(FOUR, measured(known, {1: 0.9})) == Finish(winner=measured(known, {1: 0.9})[1])
    found = step(FOUR, measured(known, {1: 1.1, 3: 0.5}))
    assert isinstance(found, Measure)
    assert found.candidates == (2,)
    done = measured(known, {1: 1.1, 2: 1.01, 3: 1.0})
    assert step(FOUR, done) == Finish(winner=done[3])


def test_of_equals_the_faster_comes_first() -> None:
    known = evaluated(0.4, 0.4, 0.4, 0.4)
    known[2] = candidate(2, (2,), accuracy=0.4, predicted_ms=(0.1,))
    found = step(FOUR, measured(known, {2: 0.1}))
    assert isinstance(found, Finish)
    assert found.winner is not None
    assert found.winner.number == 2


def test_without_devices_the_prediction_decides() -> None:
    known = evaluated(0.1, 0.4, 0.3, 0.2)
    assert step(FOUR, known, measurable=(False,)) == Finish(winner=known[1])


def test_several_devices_must_all_be_met() -> None:
    two = settings(targets=targets(1.0, 2.0), candidates=2, most_candidates=2)
    known = evaluated(0.4, 0.3, predicted_ms=(0.5, 0.5))
    known[0] = candidate(0, accuracy=0.4, predicted_ms=(0.5, 0.5), measured_ms=(0.9, 2.1))
    known[1] = candidate(1, accuracy=0.3, predicted_ms=(0.5, 0.5), measured_ms=(0.9, None))
    asked = step(two, known, measurable=(True, True))
    assert isinstance(asked, Measure)
    assert asked.candidates == (1,)
    # Of a device that is not there, the prediction is believed.
    assert step(two, known, measurable=(True, False)) == Finish(winner=known[1])


def test_where_none_meets_its_limit_more_are_evaluated_and_at_last_nothing_wins() -> None:
    slow = dict.fromkeys(range(6), 2.0)
    known = measured(evaluated(0.1, 0.4, 0.3, 0.2), slow)
    assert step(FOUR, known) == Evaluate(part=SearchRound(number=1, first=4, end=5))
    known = measured(evaluated(0.1, 0.4, 0.3, 0.2, 0.6), slow | {4: 0.9})
    assert step(FOUR, known) == Finish(winner=known[4])
    known = measured(evaluated(0.1, 0.4, 0.3, 0.2, 0.6, 0.7), slow)
    assert step(FOUR, known) == Finish(winner=None)


def test_later_only_what_refined_predictions_believe_in_is_measured() -> None:
    many = settings(targets=targets(1.0), candidates=14, most_candidates=15, parallel=1)
    known = evaluated(*np.linspace(0.9, 0.1, 15))
    known = measured(known, dict.fromkeys(range(12), 2.0))
    assert step(many, {n: known[n] for n in range(14)}) == Evaluate(
        part=SearchRound(number=1, first=14, end=15)
    )
    found = step(many, known, believed=(13,))
    assert isinstance(found, Measure)
    assert found.candidates == (13,)
    assert step(many, known, believed=()) == Finish(winner=None)


def test_what_failed_is_neither_measured_nor_the_winner() -> None:
    known = evaluated(0.4, 0.3, 0.2, 0.1)
    known[0] = candidate(0, accuracy=0.0, failed="the loss is nan")
    known[1] = None
    found = step(FOUR, known)
    assert isinstance(found, Measure)
    assert found.candidates == (2, 3)
    bad = {n: candidate(n, accuracy=0.0, failed="no") for n in range(6)}
    assert step(FOUR, dict(bad), measurable=(False,)) == Finish(winner=None)


def trained(
    results: dict[int, Candidate | None], final: dict[int, float]
) -> dict[int, Candidate | None]:
    return {
        number: each and msgspec.structs.replace(each, final_accuracy=final.get(number))
        for number, each in results.items()
    }


TWO_FINALISTS = settings(
    targets=targets(1.0), candidates=4, most_candidates=6, finalists=2, final_epochs=9
)


def test_finalists_are_those_that_meet_their_limits_and_the_best_trained_of_them_wins() -> None:
    known = measured(evaluated(0.1, 0.4, 0.3, 0.2), {1: 0.9, 2: 1.1, 3: 0.8})
    assert step(TWO_FINALISTS, known) == Train(candidates=(1, 3))
    half = trained(known, {3: 0.7})
    assert step(TWO_FINALISTS, half) == Train(candidates=(1,))
    done = trained(known, {1: 0.6, 3: 0.7})
    assert step(TWO_FINALISTS, done) == Finish(winner=done[3])
    equal = trained(known, {1: 0.6, 3: 0.6})
    assert step(TWO_FINALISTS, equal) == Finish(winner=equal[1])


def test_nothing_is_measured_that_is_no_finalist() -> None:
    known = measured(evaluated(0.1, 0.4, 0.3, 0.2), {1: 0.9, 2: 0.9})
    assert step(TWO_FINALISTS, known) == Train(candidates=(1, 2))
    found = step(TWO_FINALISTS, measured(evaluated(0.1, 0.4, 0.3, 0.2), {1: 0.9, 3: 0.9}))
    assert isinstance(found, Measure)
    assert found.candidates == (2,)


def test_without_devices_finalists_are_those_that_are_predicted_best() -> None:
    known = evaluated(0.1, 0.4, 0.3, 0.2)
    assert step(TWO_FINALISTS, known, measurable=(False,)) == Train(candidates=(1, 2))


@pytest.mark.parametrize("twin", [{"tokens": (1,)}, {"tokens": (5,)}], ids=["tokens", "network"])
def test_one_network_is_a_finalist_once(twin: dict[str, Any]) -> None:
    known = evaluated(0.1, 0.4, 0.3, 0.2)
    known[2] = candidate(2, accuracy=0.4, **twin)
    known = measured(known, dict.fromkeys(range(4), 0.9))
    assert step(TWO_FINALISTS, known) == Train(candidates=(1, 3))


def test_for_a_finalist_that_cannot_be_trained_another_is() -> None:
    known = measured(evaluated(0.1, 0.4, 0.3, 0.2), {1: 0.9, 2: 0.9, 3: 0.9})
    known = trained(known, {2: 0.3})
    first = known[1]
    assert first is not None
    known[1] = msgspec.structs.replace(first, failed="the loss is nan")
    assert step(TWO_FINALISTS, known) == Train(candidates=(3,))


def test_where_fewer_meet_their_limits_there_are_fewer_finalists() -> None:
    known = measured(evaluated(0.1, 0.4, 0.3, 0.2), {0: 1.1, 1: 1.1, 2: 0.9, 3: 1.1})
    assert step(TWO_FINALISTS, known) == Train(candidates=(2,))
    # Enough were measured in this round; it does not go on for ever.
    many = settings(
        targets=targets(1.0), candidates=20, most_candidates=30, finalists=3, final_epochs=9
    )
    known = measured(evaluated(*np.linspace(0.9, 0.1, 20)), dict.fromkeys(range(14), 2.0))
    found = step(many, measured(known, dict.fromkeys(range(13), 2.0) | {13: 0.9}))
    assert found == Train(candidates=(13,))


@given(data=st.data(), count=st.integers(1, 20), finalists=st.integers(1, 4))
def test_every_search_ends_with_the_best_that_meets_its_limit(
    data: st.DataObject, count: int, finalists: int
) -> None:
    took = data.draw(st.lists(st.sampled_from([0.5, 1.5]), min_size=2 * count, max_size=2 * count))
    accuracy = data.draw(
        st.lists(st.floats(0.01, 1), min_size=2 * count, max_size=2 * count, unique=True)
    )
    wanted = settings(
        targets=targets(1.0),
        candidates=count,
        most_candidates=2 * count,
        parallel=1,
        finalists=finalists,
    )
    known: dict[int, Candidate | None] = {}
    for _ in range(10 * count + 20):
        found = step(wanted, known)
        if isinstance(found, Finish):
            break
        if isinstance(found, Evaluate):
            new = next(n for n in range(found.part.end) if n not in known)
            known[new] = candidate(new, (new,), accuracy=accuracy[new])
            continue
        for number in found.candidates:
            each = known[number]
            assert each is not None
            if isinstance(found, Measure):
                assert not each.is_measured
                known[number] = msgspec.structs.replace(each, measured_ms=(took[number],))
            else:
                assert each.measured_ms == (0.5,)
                known[number] = msgspec.structs.replace(each, final_accuracy=1 - each.accuracy)
    else:
        pytest.fail("it never ends")
    within = [each for each in known.values() if each and each.measured_ms == (0.5,)]
    if found.winner is None:
        assert not within
        return
    assert found.winner in within
    finals = [each for each in within if each.final_accuracy is not None] or [found.winner]
    assert len(finals) <= finalists
    worst = min(each.accuracy for each in finals)
    better = [each for each in known.values() if each and each.accuracy > worst]
    assert all(each.is_measured for each in better)
    assert all(each in finals for each in better if each.measured_ms == (0.5,))
    assert found.winner.accuracy == worst  # the order of the finals is the other way round
