"""A space's segments add up to its networks, merged convolutions included."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from edgeslim.execution import Target
from edgeslim.opspec import OpSpec
from edgeslim.spaces import SPACES, Space, Tokens, every_operator, operator_use


@pytest.fixture(params=SPACES.names())
def space(request: pytest.FixtureRequest) -> Space:
    return SPACES.get(request.param).space()


def random_tokens(space: Space, count: int) -> list[Tokens]:
    drawn = np.random.default_rng(7).integers(0, space.ranges, (count, len(space.ranges)))
    return [tuple(map(int, tokens)) for tokens in drawn]


def put_together(
    space: Space, tokens: Tokens, target: Target | None
) -> tuple[dict[OpSpec, int], bool]:
    """The operators of a network from its segments, and whether any were merged."""
    variants = [
        segment.variant(tuple(tokens[place] for place in segment.positions))
        for segment in space.segments(target)
    ]
    merges = any(variant.pays for variant in variants)
    counts: Counter[OpSpec] = Counter()
    for variant in variants:
        for spec, count in (variant.merged if merges else variant.plain).items():
            counts[spec] += count
    return {spec: count for spec, count in counts.items() if count}, merges


@pytest.mark.parametrize("target", [*Target, None])
@pytest.mark.slow
def test_segments_add_up_to_the_network(space: Space, target: Target | None) -> None:
    ends = [tuple(0 for _ in space.ranges), tuple(size - 1 for size in space.ranges)]
    merged = 0
    for tokens in [space.initial_tokens, *ends, *random_tokens(space, 100)]:
        counts, merges = put_together(space, tokens, target)
        assert counts == dict(Counter(space.operators(tokens, target))), tokens
        merged += merges
    if target is None:
        assert not merged
    elif space.name.startswith("light-nas"):
        assert 0 < merged < 100, "both kinds of network are among the examples"


@pytest.mark.slow
def test_positions_rise_and_are_tokens(space: Space) -> None:
    for segment in space.segments(Target.ARM):
        assert list(segment.positions) == sorted(set(segment.positions))
        assert segment.ranges == tuple(space.ranges[place] for place in segment.positions)
        assert len(list(segment.variants())) == segment.size


@pytest.mark.slow
def test_the_use_of_an_operator_is_its_mean_count_in_a_network(space: Space) -> None:
    use = operator_use(space, Target.X86)
    assert list(use) == every_operator(space, Target.X86)
    counted: Counter[OpSpec] = Counter()
    networks = random_tokens(space, 400)
    for tokens in networks:
        counted.update(space.operators(tokens, Target.X86))
    often = [spec for spec, count in counted.items() if count > len(networks) / 2]
    assert often
    for spec in often:
        # 400 networks say it to a few of their own standard errors.
        assert use[spec] == pytest.approx(counted[spec] / len(networks), rel=0.3)
    assert min(use.values()) > -1e-9
