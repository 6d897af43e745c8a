"""Proxies of whole populations, and networks that stand for a space."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeslim import ops
from edgeslim.errors import InfeasibleTargetError
from edgeslim.execution import Target
from edgeslim.searching.accuracy import ESTIMATORS, EvaluationSetup
from edgeslim.searching.proxies import PROXIES
from edgeslim.searching.spread import spread_networks
from edgeslim.spaces import SPACES, Space, Tokens
from edgeslim.training.tasks import find_task

SMALL = SPACES.get("light-nas-small").space((1, 1, 32, 32), 10)
JUDGING = EvaluationSetup(space=SMALL, task=find_task("digits"))
_MERGED = SPACES.get("blazeface").space((1, 3, 64, 64), 2)


def drawn(space: Space, count: int, seed: int = 0) -> list[Tokens]:
    numbers = np.random.default_rng(seed).integers(0, space.ranges, (count, len(space.ranges)))
    return [tuple(map(int, each)) for each in numbers]


def never_merged(tokens: Tokens) -> bool:
    """Shortcuts and weighted channels stand between all convolutions that could be one."""
    return all(tokens[6 * group + 5] for group in range(3))


@pytest.mark.parametrize("name", ["macs", "parameters"])
def test_sums_are_those_of_the_operators(name: str) -> None:
    def by_hand(tokens: Tokens) -> float:
        operators = SMALL.operators(tokens, Target.ARM)
        if name == "macs":
            return ops.macs(operators)
        return sum(spec.weight_bytes for spec in operators) / 4

    population = [tokens for tokens in drawn(SMALL, 300) if never_merged(tokens)]
    assert len(population) > 20
    proxy = PROXIES.get(name)(JUDGING)
    scores = proxy.scores(population)
    assert scores.tolist() == [by_hand(tokens) for tokens in population]
    assert proxy.score(population[3]) == scores[3]


@pytest.mark.parametrize("space", [SMALL, _MERGED], ids=lambda space: space.name)
@pytest.mark.slow
def test_more_of_everything_scores_higher(space: Space) -> None:
    setup = EvaluationSetup(space=space, task=find_task("digits"))
    ends = [(0,) * len(space.ranges), tuple(each - 1 for each in space.ranges)]
    for name in ("macs", "parameters"):
        small, large = PROXIES.get(name)(setup).scores(ends)
        assert 0 < small < large


@pytest.mark.slow
@pytest.mark.parametrize("name", PROXIES.names())
def test_every_proxy_says_the_same_again_and_tells_networks_apart(name: str) -> None:
    space = SPACES.get("light-nas-small").space((1, 1, 16, 16), 10)
    setup = EvaluationSetup(space=space, task=find_task("digits"), seed=3)
    population = drawn(space, 4)
    scores = PROXIES.get(name)(setup).scores(population)
    assert scores.shape == (4,)
    assert np.isfinite(scores).all()
    assert len(set(scores.tolist())) == 4
    again = PROXIES.get(name)(setup)
    assert [again.score(tokens) for tokens in population] == scores.tolist()


def test_estimators_are_on_their_shelf() -> None:
    assert {"training", "supernet"} <= set(ESTIMATORS.names())


def test_networks_drawn_are_of_all_sizes() -> None:
    macs = PROXIES.get("macs")(JUDGING)
    networks = spread_networks(SMALL, 10, np.random.default_rng(0))
    assert len(set(networks)) == 10
    scores = macs.scores(networks)
    assert scores.tolist() == sorted(scores.tolist())
    everyone = macs.scores(drawn(SMALL, 3000, seed=1))
    for number, score in enumerate(scores):  # one in each tenth of the space
        low, high = np.percentile(everyone, [10 * number, 10 * number + 10])
        assert 0.9 * low <= score <= 1.1 * high
    assert networks == spread_networks(SMALL, 10, np.random.default_rng(0))


def test_networks_drawn_are_within_the_limits() -> None:
    macs = PROXIES.get("macs")(JUDGING)

    def within(tokens: NDArray[np.int64]) -> NDArray[np.bool_]:
        return macs.scores([tuple(map(int, each)) for each in tokens]) < 2e6

    networks = spread_networks(SMALL, 8, np.random.default_rng(0), within)
    assert (macs.scores(networks) < 2e6).all()
    with pytest.raises(InfeasibleTargetError, match="only 0 networks of light-nas-small"):
        spread_networks(SMALL, 8, np.random.default_rng(0), lambda tokens: tokens[:, 0] > 9)
