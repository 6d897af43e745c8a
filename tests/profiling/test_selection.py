from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgeslim.opspec import OpSpec
from edgeslim.prediction.gaussian_process import Array
from edgeslim.prediction.interpolation import Interpolator
from edgeslim.profiling.selection import operators_of_sparse_kernels, select_operators
from tests.prediction.made_up_device import (
    Rule,
    blocks_of,
    dense_grid,
    depthwise,
    measured,
    mixed_operators,
    switching_at,
)
from tests.values import convolution, relu

Chooser = Callable[[dict[OpSpec, float], dict[OpSpec, Array], int], list[OpSpec]]


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def grown(
    candidates: dict[OpSpec, float], rule: Rule, *, rounds: int, per_round: int, noise: float = 0.01
) -> dict[OpSpec, Array]:
    """What is known after some rounds of choosing and measuring."""
    known: dict[OpSpec, Array] = {}
    for index in range(rounds):
        chosen = select_operators(candidates, known, per_round, generator=generator(index))
        known |= measured(chosen, rule, noise=noise, seed=index)
    return known


def test_it_chooses_as_many_as_asked_none_twice_and_none_that_is_known() -> None:
    candidates = dict.fromkeys(mixed_operators(), 1.0)
    known = measured(mixed_operators()[:4], blocks_of(8))
    chosen = select_operators(candidates, known, 5, generator=generator())
    assert len(set(chosen)) == 5
    assert set(chosen) <= set(candidates) - set(known)
    rest = select_operators(candidates, known, 100, generator=generator())
    assert set(rest) == set(candidates) - set(known)


def test_nothing_is_chosen_of_nothing() -> None:
    assert select_operators({}, {}, 5, generator=generator()) == []
    assert select_operators({relu(8): 1.0}, {}, 0, generator=generator()) == []
    assert select_operators({relu(8): 0.0}, {}, 5, generator=generator()) == []


def test_the_first_batch_is_spread_over_families_and_widths() -> None:
    widths = (8, 16, 32, 64, 128)
    candidates = {
        **{convolution(c_in, c_out): 1.0 for c_in in widths for c_out in widths},
        **{depthwise(width, 56): 1.0 for width in widths},
    }
    chosen = select_operators(candidates, {}, 8, generator=generator())
    assert {spec.kind for spec in chosen} == {"conv2d", "depthwise_conv2d"}
    dense = [spec for spec in chosen if spec.kind == "conv2d"]
    assert len({spec.output_shape[1] for spec in dense}) > 1
    assert convolution(128, 128) in dense


def test_what_is_used_more_is_measured_first() -> None:
    candidates = {convolution(16, 24): 0.01, convolution(24, 16): 5.0, convolution(16, 16): 0.01}
    assert select_operators(candidates, {}, 1, generator=generator()) == [convolution(24, 16)]


def test_of_two_that_say_the_same_one_is_chosen() -> None:
    near = [convolution(64, 64, kernel=1), convolution(64, 63, kernel=1)]
    far = convolution(256, 16, kernel=1)
    candidates = {near[0]: 1.0, near[1]: 1.0, far: 1.0}
    known = measured([convolution(64, c, kernel=1) for c in (24, 32)], blocks_of(1))
    chosen = select_operators(candidates, known, 2, generator=generator())
    assert far in chosen


def test_the_same_is_chosen_again() -> None:
    candidates = dict.fromkeys(dense_grid(), 1.0)
    known = measured(dense_grid()[:9], blocks_of(8))
    one, other = (select_operators(candidates, known, 9, generator=generator(3)) for _ in range(2))
    assert one == other


def test_chosen_operators_tell_more_than_random_ones() -> None:
    candidates = dict.fromkeys(dense_grid(), 1.0)
    rule = blocks_of(8)
    truth = np.array([rule(spec) for spec in candidates])

    def error(known: dict[OpSpec, Array]) -> float:
        found = Interpolator(known).estimate(list(candidates)).latencies_ms[:, 0]
        return float(np.abs(found - truth).sum() / truth.sum())

    adaptive = error(grown(candidates, rule, rounds=3, per_round=6))
    specs = list(candidates)
    random = [
        error(measured([specs[i] for i in generator(seed).permutation(len(specs))[:18]], rule))
        for seed in range(5)
    ]
    assert adaptive < np.mean(random)


@pytest.mark.slow
@pytest.mark.parametrize("edges", [(80, 140, 200), (60,)])
def test_irregular_edges_are_bracketed_by_one_step_of_the_grid(edges: tuple[int, ...]) -> None:
    step = 2
    grid = [convolution(16, width) for width in range(step, 257, step)]
    known = grown(dict.fromkeys(grid, 1.0), switching_at(*edges), rounds=18, per_round=3)
    widths = {spec.output_shape[1] for spec in known}
    assert len(known) < len(grid) / 2
    for edge in edges:
        assert {edge, edge + step} <= widths


def test_all_edges_of_regular_stairs_are_found_from_few_points() -> None:
    grid = [convolution(16, width) for width in range(1, 129)]
    known = grown(dict.fromkeys(grid, 1.0), blocks_of(8), rounds=8, per_round=4)
    found = Interpolator(known).estimate(grid).latencies_ms[:, 0]
    truth = np.array([blocks_of(8)(spec) for spec in grid])
    assert len(known) == len(grid) / 4
    assert np.abs(found / truth - 1).max() < 0.1
    edges = np.argsort(-np.diff(found) / found[:-1])[:15] + 1
    assert sorted(edges) == list(range(8, 128, 8))


def test_some_of_every_kernel_are_wanted_before_all_else() -> None:
    widths = (8, 16, 24, 32)
    ones, threes = ([convolution(8, width, kernel=side) for width in widths] for side in (1, 3))
    first = operators_of_sparse_kernels([*ones, *threes, relu(8)], [])
    assert first == [ones[0], ones[2], ones[3], threes[0], threes[2], threes[3], relu(8)]


def test_what_is_measured_of_a_kernel_counts() -> None:
    specs = [convolution(8, width, kernel=3) for width in (8, 16, 24, 32)]
    assert operators_of_sparse_kernels(specs[2:], specs[:2]) == [specs[2]]
    assert operators_of_sparse_kernels(specs[3:], specs[:3]) == []
