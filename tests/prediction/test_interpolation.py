from __future__ import annotations

import numpy as np
import pytest

from edgeslim.opspec import OpSpec, Shapes
from edgeslim.prediction.gaussian_process import Array
from edgeslim.prediction.interpolation import Interpolator
from tests.prediction.made_up_device import blocks_of, dense_grid, measured, mixed_operators
from tests.values import convolution, relu


def split(table: dict[OpSpec, Array], kept: int, seed: int) -> dict[OpSpec, Array]:
    specs = list(table)
    chosen = np.random.default_rng(seed).permutation(len(specs))[:kept]
    return {specs[index]: table[specs[index]] for index in chosen}


@pytest.mark.slow
def test_others_are_near_the_truth_and_their_errors_are_true() -> None:
    rule = blocks_of(8)
    ratios, errors = [], []
    for seed in range(4):
        table = measured(dense_grid(), rule, noise=0.02, seed=seed)
        known = split(table, 48, seed)
        unknown = [spec for spec in table if spec not in known]
        found = Interpolator(known).estimate(unknown)
        truth = np.array([table[spec] for spec in unknown])
        off = np.abs(np.log(found.latencies_ms / truth))[:, 0]
        errors.append(off.mean())
        ratios.append(off / found.errors)
    assert np.mean(errors) < 0.05
    inside = (np.concatenate(ratios) < 1.645).mean()
    assert 0.8 < inside <= 1.0


def test_a_stair_is_learned_and_not_smoothed() -> None:
    known = measured([convolution(16, c) for c in (8, 12, 16, 20, 24, 32, 36, 64)], blocks_of(8))
    found = Interpolator(known).estimate([convolution(16, c) for c in (40, 44, 48)])
    low, middle, high = found.latencies_ms[:, 0]
    assert middle == pytest.approx(high, rel=0.02)  # 44 fills as many blocks as 48
    assert low < 0.93 * middle


def test_each_cache_state_has_its_own_latency() -> None:
    known = measured(dense_grid()[:40], blocks_of(8), states=3)
    found = Interpolator(known).estimate([convolution(20, 20)]).latencies_ms[0]
    assert found / found[0] == pytest.approx([1, 1.1, 1.2], rel=0.02)


def test_a_state_that_lacks_is_filled_in_and_says_so() -> None:
    specs = dense_grid()[:30]
    known = measured(specs, blocks_of(8), states=2)
    known[specs[3]] = np.array([known[specs[3]][0], np.nan])
    found = Interpolator(known).estimate([specs[3], specs[4]])
    assert found.latencies_ms[0, 0] == known[specs[3]][0]
    assert found.latencies_ms[0, 1] == pytest.approx(1.1 * known[specs[3]][0], rel=0.05)
    assert found.errors[0] > 0
    assert found.errors[1] == 0


def test_nothing_is_said_of_a_kind_that_nothing_is_known_of() -> None:
    known = measured(dense_grid()[:10], blocks_of(8), states=2)
    found = Interpolator(known).estimate([relu(8), convolution(9, 9)])
    assert np.isnan(found.latencies_ms[0]).all()
    assert np.isinf(found.errors[0])
    assert np.isfinite(found.latencies_ms[1]).all()


def test_a_state_that_no_operator_of_a_family_has_stays_unknown() -> None:
    known = {spec: np.array([1.0, np.nan]) for spec in dense_grid()[:4]}
    known[relu(8)] = np.array([1.0, 2.0])
    found = Interpolator(known).estimate([convolution(9, 9)])
    assert np.isfinite(found.latencies_ms[0, 0])
    assert np.isnan(found.latencies_ms[0, 1])


def test_a_row_that_was_never_measured_is_no_knot() -> None:
    lacking = convolution(9, 9)
    known = {**measured(dense_grid()[:10], blocks_of(8)), lacking: np.array([np.nan])}
    found = Interpolator(known).estimate([lacking])
    assert np.isfinite(found.latencies_ms).all()
    assert found.errors[0] > 0


def test_a_large_product_is_not_priced_by_small_ones() -> None:
    def product(rows: int, columns: int) -> OpSpec:
        return OpSpec(
            kind="matmul_v2",
            inputs=Shapes(X=((1, rows),)),
            weights=Shapes(Y=((rows, columns),)),
            outputs=Shapes(Out=((1, columns),)),
        )

    small = [product(rows, columns) for rows, columns in ((8, 32), (16, 64), (40, 10), (64, 16))]
    known = {
        **measured(dense_grid()[:40], blocks_of(8)),
        **{spec: np.array([0.001 * (1 + 0.1 * index)]) for index, spec in enumerate(small)},
    }
    found = Interpolator(known).estimate([product(1280, 1000), product(24, 24)])
    assert 0.01 < found.latencies_ms[0, 0] < 10
    assert found.errors[0] > 2 * found.errors[1]


def test_nothing_known_is_said_of_nothing() -> None:
    found = Interpolator({}).estimate(mixed_operators())
    assert np.isinf(found.errors).all()
    assert Interpolator({}).estimate([]).latencies_ms.shape == (0, 1)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.inf])
def test_a_latency_must_be_one(bad: float) -> None:
    with pytest.raises(ValueError, match="positive numbers or nan, not"):
        Interpolator({relu(8): np.array([bad])})
