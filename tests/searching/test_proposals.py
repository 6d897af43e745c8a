"""Every process of a search finds the same candidates by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeslim.algorithms import ALGORITHMS
from edgeslim.latency_table import LatencyTable
from edgeslim.runs.candidates import Candidate
from edgeslim.runs.search_settings import SearchRound, SearchSettings, rounds
from edgeslim.searching.limits import SearchLimits
from edgeslim.searching.proposals import CandidateProposals, ready_below
from edgeslim.spaces import Tokens
from tests.searching.made_up import made_up_table
from tests.searching.searches import SPACE, candidate, limits_of, settings, targets

SLOW = {"surrogate", "tpe"}
NAMES = [
    pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name
    for name in ALGORITHMS.names()
]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> LatencyTable:
    return made_up_table(tmp_path_factory.mktemp("proposals") / "host.jsonl", SPACE)


def accuracy(tokens: Tokens) -> float:
    return sum(tokens) / 40


def proposals(wanted: SearchSettings, by_round: list[SearchLimits]) -> CandidateProposals:
    return CandidateProposals(
        wanted, ALGORITHMS.get(wanted.algorithm), lambda part: by_round[min(part.number, 1)]
    )


def all_of(
    wanted: SearchSettings,
    by_round: list[SearchLimits],
    generator: np.random.Generator,
    workers: int,
) -> dict[int, Candidate | None]:
    """Candidates as several workers evaluate them that are fast and slow by chance."""
    results: dict[int, Candidate | None] = {}
    alive = [proposals(wanted, by_round) for _ in range(workers)]
    for part in rounds(wanted):
        taken: dict[int, Tokens | None] = {}
        while any(number not in results for number in range(part.first, part.end)):
            free = [
                number
                for number in range(part.first, ready_below(wanted, part, results))
                if number not in results and number not in taken
            ]
            if free and len(taken) < workers and generator.random() < 0.6:
                who = int(generator.integers(workers))
                if generator.random() < 0.1:  # one dies, and another comes
                    alive[who] = proposals(wanted, by_round)
                taken[free[0]] = alive[who].tokens(free[0], dict(results))
            elif taken:
                number = list(taken)[int(generator.integers(len(taken)))]
                tokens = taken.pop(number)
                results[number] = (
                    candidate(number, tokens, accuracy=accuracy(tokens)) if tokens else None
                )
    return results


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("parallel", [1, 4])
@pytest.mark.slow
def test_candidates_do_not_depend_on_how_many_work_and_who_dies(
    name: str, parallel: int, table: LatencyTable
) -> None:
    wanted = settings(
        algorithm=name, parallel=parallel, candidates=9, most_candidates=13, targets=targets(0.2)
    )
    by_round = [limits_of(table, targets_ms=(each,)) for each in (0.2, 0.15)]
    alone = all_of(wanted, by_round, np.random.default_rng(0), workers=1)
    assert len(alone) == 13
    assert all_of(wanted, by_round, np.random.default_rng(1), workers=4) == alone
    assert all_of(wanted, by_round, np.random.default_rng(2), workers=9) == alone
    found = [each.tokens for _, each in sorted(alone.items()) if each is not None]
    assert found[0] == wanted.starts[0]
    assert by_round[0].are_met(found[1:9]).all()
    assert by_round[1].are_met(found[9:]).all()
    assert len(set(found)) == len(found)


def test_starts_come_first_and_in_their_order(table: LatencyTable) -> None:
    starts = tuple((*SPACE.initial_tokens[:-1], value) for value in (1, 0))
    wanted = settings(starts=starts, parallel=2)
    made = proposals(wanted, [limits_of(table, targets_ms=(1.0,))])
    assert [made.tokens(number, {}) for number in range(2)] == list(starts)


def test_of_a_round_so_many_can_be_proposed_as_may_run_at_once() -> None:
    wanted = settings(candidates=8, most_candidates=8, parallel=3)
    part = SearchRound(number=0, first=0, end=8)
    assert ready_below(wanted, part, {}) == 3
    known: dict[int, Any] = {0: None, 1: candidate(1), 3: candidate(3)}
    assert ready_below(wanted, part, known) == 5
    assert ready_below(wanted, part, dict.fromkeys(range(7))) == 8
