"""Waiting: more and more seldom, and no longer than asked."""

from __future__ import annotations

import time

import pytest

from edgeslim.searching.jobs.waiting import wait_for_change


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only sleeping moves on, and the pauses that were made."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    monkeypatch.setattr(time, "monotonic", lambda: sum(made))
    return made


def test_what_has_changed_already_is_not_waited_for(pauses: list[float]) -> None:
    assert wait_for_change(lambda: True)
    assert pauses == []


def test_pauses_grow_up_to_the_longest(pauses: list[float]) -> None:
    assert wait_for_change(lambda: len(pauses) == 30, first_s=0.2, longest_s=5)
    assert all(0.15 <= pause <= 0.25 for pause in pauses[:1])
    assert all(3.75 <= pause <= 6.25 for pause in pauses[9:])
    assert len(set(pauses[9:])) > 15


def test_no_longer_than_asked(pauses: list[float]) -> None:
    assert not wait_for_change(lambda: False, timeout_s=60)
    assert sum(pauses) == pytest.approx(60)


def test_a_real_clock_will_do() -> None:
    deadline = time.monotonic() + 0.05
    assert wait_for_change(lambda: time.monotonic() > deadline, first_s=0.01)
