"""What attempts amount to: the same for everybody, and for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.searching.jobs.ledger import Attempt, AttemptLimits, AttemptState, Ledger

WAITING, RUNNING, DONE, FAILED, DROPPED = AttemptState


def attempts(
    *states: AttemptState, candidate: int = 0, reason: str | None = "bad"
) -> list[Attempt]:
    return [
        Attempt(
            number=number,
            key=100 + number,
            candidate=candidate,
            state=state,
            values=(float(number),) if state is DONE else (),
            reason=reason if state is FAILED else None,
        )
        for number, state in enumerate(states)
    ]


def ledger(seen: Sequence[Attempt], **limits: int) -> Ledger:
    made = Ledger(AttemptLimits(**limits))
    made.update(seen)
    return made


@pytest.mark.parametrize(
    ("states", "value"),
    [
        ((DONE,), 0),
        ((DONE, DONE), 0),
        ((FAILED, DONE, DONE), 1),
        ((DROPPED, FAILED, DROPPED, DONE, RUNNING), 3),
        ((WAITING, DONE), None),
        ((RUNNING, DONE), None),
        ((FAILED, FAILED), None),
        ((), None),
    ],
)
def test_the_first_done_attempt_counts_if_none_before_it_is_alive(
    states: tuple[AttemptState, ...], value: float | None
) -> None:
    results = ledger(attempts(*states)).results
    assert results == {} if value is None else results[0].values == (value,)


def test_failures_and_silences_are_counted_apart() -> None:
    seen = attempts(*[FAILED] * 6)
    mixed = [replace(each, reason=None) if each.number % 2 else each for each in seen]
    result = ledger(mixed, failures=3, silences=5).results[0]
    assert (result.attempts, result.reason, result.values) == (5, "bad", ())
    silent = [replace(each, reason=None) for each in seen]
    result = ledger(silent, failures=3, silences=5).results[0]
    assert (result.attempts, result.reason) == (5, "its worker fell silent 5 times")


def test_what_comes_after_the_last_failure_is_never_taken() -> None:
    seen = ledger(attempts(FAILED, FAILED, FAILED, WAITING))
    assert (list(seen.results), seen.claimable(), seen.missing([0])) == ([0], [], [])
    assert [each.number for each in seen.superfluous()] == [3]


@pytest.mark.parametrize(
    ("states", "missing"),
    [((), True), ((DROPPED,), True), ((FAILED,), True), ((WAITING,), False), ((DONE,), False)],
)
def test_missing_is_what_has_no_result_and_nobody_can_take(
    states: tuple[AttemptState, ...], missing: bool
) -> None:
    assert ledger(attempts(*states)).missing([0]) == ([0] if missing else [])


def test_the_lowest_candidate_is_taken_first_and_only_its_first_living_attempt() -> None:
    seen = [
        replace(each, number=10 - candidate + 20 * each.number, candidate=candidate)
        for candidate in range(4)
        for each in attempts(WAITING, WAITING)
    ]
    seen += [replace(seen[0], number=50, candidate=9, state=RUNNING)]
    taken = ledger(seen).claimable(below=3)
    assert [(each.candidate, each.number) for each in taken] == [(0, 10), (1, 9), (2, 8)]


# A history: in each step one attempt is added, or one that is alive changes. Nothing that has
# ended ever changes, as in the storage.
steps = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from([RUNNING, DONE, FAILED, DROPPED])), max_size=40
)


@given(steps, st.sets(st.integers(0, 40)))
def test_a_result_never_changes_and_everybody_has_the_same(
    history: list[tuple[int, AttemptState]], glances: set[int]
) -> None:
    live, now = Ledger(AttemptLimits()), dict[int, Attempt]()
    before = live.results
    for moment, (which, state) in enumerate(history):
        old = now.get(which)
        if old is None:
            now[len(now)] = replace(attempts(WAITING)[0], number=len(now))
        elif old.state.is_active:
            reason = "bad" if which % 2 else None
            now[which] = replace(old, state=state, values=(float(which),), reason=reason)
        if moment in glances:
            live.update(now.values())
            assert {**live.results, **before} == live.results
            before = live.results
    live.update(now.values())
    assert live.results == ledger(list(now.values())).results


@given(st.lists(st.sampled_from(list(AttemptState)), max_size=12))
def test_there_is_at_most_one_attempt_whose_work_counts(states: list[AttemptState]) -> None:
    seen = ledger(attempts(*states))
    counts = len(seen.results) + len(seen.missing([0])) + len(seen.claimable())
    running = any(each.state is RUNNING for each in seen.running())
    assert counts == 1 or (counts == 0 and running)
