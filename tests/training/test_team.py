"""What several processes agree on, in threads that are connected as processes are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgeslim.errors import (
    BadFileError,
    EdgeslimError,
    ProcessLostError,
    ReportedElsewhereError,
    UsageError,
)
from edgeslim.training._sockets import Connection
from edgeslim.training._team import ProcessTeam
from edgeslim.training.processor import choose_processor
from tests.training.connected import pair

pytestmark = pytest.mark.slow

COUNT = 3


def run(work: Callable[[ProcessTeam, int], Any]) -> list[Any]:
    """What each of three processes gives or raises; the connections end with each of them."""
    pairs = [pair() for _ in range(COUNT - 1)]
    ends = [[own for own, _ in pairs], *([its] for _, its in pairs)]
    found: list[Any] = [None] * COUNT

    def begin(number: int) -> None:
        names = range(1, COUNT) if not number else (0,)
        lines = [
            Connection(own, f"process {name} of {COUNT}")
            for own, name in zip(ends[number], names, strict=True)
        ]
        team = ProcessTeam(number, COUNT, lines, "gloo")
        try:
            with team.fail_together():
                found[number] = work(team, number)
        except Exception as error:  # noqa: BLE001 - it is what is looked at
            found[number] = error
        finally:
            for own in ends[number]:
                own.close()

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(COUNT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=50)
        assert not thread.is_alive(), "it waits for ever"
    return found


def test_what_all_can_do() -> None:
    assert run(lambda team, number: team.run_everywhere(lambda: number)) == [0, 1, 2]
    assert run(lambda team, number: team.run_on_leader(f"by {number}".encode)) == [b"by 0"] * 3


@pytest.mark.parametrize("failing", range(COUNT))
def test_what_one_cannot_do(failing: int) -> None:
    def work(team: ProcessTeam, number: int) -> int:
        def part() -> int:
            if number == failing:
                raise UsageError("an example cannot be read")
            return number

        assert team.run_everywhere(lambda: number) == number
        return team.run_everywhere(part)

    found = run(work)
    text = "an example cannot be read"
    assert isinstance(found[0], UsageError)
    assert str(found[0]) == (text if not failing else f"process {failing} of 3: {text}")
    for each in found[1:]:
        assert isinstance(each, ReportedElsewhereError)
        assert (str(each), each.exit_code) == (f"process {failing} of 3: {text}", 2)


def test_what_fails_in_one_while_the_others_do_something_else() -> None:
    def work(team: ProcessTeam, number: int) -> None:
        if number == 2:
            raise BadFileError("a file is gone")
        team.run_everywhere(lambda: None)

    leading, *others = run(work)
    assert type(leading) is EdgeslimError
    assert str(leading) == "process 2 of 3: a file is gone"
    assert [type(each) for each in others] == [ReportedElsewhereError] * 2


def test_what_fails_in_process_0_ends_all() -> None:
    def work(team: ProcessTeam, number: int) -> None:
        if not number:
            raise BadFileError("the configuration is none")
        team.run_on_leader(lambda: b"")

    leading, *others = run(work)
    assert isinstance(leading, BadFileError)
    assert [str(each) for each in others] == ["the configuration is none"] * 2


def test_a_process_that_is_gone_is_noticed() -> None:
    def work(team: ProcessTeam, number: int) -> None:
        if number != 1:  # it ends without a word
            team.run_everywhere(lambda: None)

    leading, _, other = run(work)
    assert isinstance(leading, ProcessLostError)
    assert "process 1 of 3 is gone" in str(leading)
    assert isinstance(other, ReportedElsewhereError)


@pytest.mark.parametrize("size", [3, 4, 64, 175])
def test_parts_make_up_the_batch(size: int) -> None:
    batch = np.random.default_rng(0).permutation(size)
    parts = run(lambda team, _: team.part(batch))
    assert np.concatenate(parts).tolist() == batch.tolist()
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_batch_must_have_an_example_for_each() -> None:
    found = run(lambda team, _: team.check_batch(2))
    assert "batch_size 2 is shared out over 3 processes" in str(found[0])


def test_launch_has_chosen_the_processor() -> None:
    assert "cpu" in choose_processor("auto", backend="gloo")
    with pytest.raises(UsageError, match=r"compressor\.processor is gpu"):
        choose_processor("gpu", backend="gloo")
    with pytest.raises(UsageError, match="set PADDLE_DISTRI_BACKEND=gloo"):
        choose_processor("cpu", backend="nccl")
