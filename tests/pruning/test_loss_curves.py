"""Laws of the curves that are laid through what was measured."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.errors import UnknownNameError
from edgeslim.pruning.loss_curves import LossCurve, LossCurves

GRID = np.linspace(0, 1, 301)
RATIOS = st.integers(1, 99).map(lambda percent: percent / 100)
LOSSES = st.floats(-0.2, 0.9, allow_subnormal=False).map(lambda loss: round(loss, 6))
POINTS = st.lists(st.tuples(RATIOS, LOSSES), min_size=0, max_size=12)


def fitted(points: list[tuple[float, float]], highest: float = 1.0) -> LossCurve:
    return LossCurve.fit([r for r, _ in points], [loss for _, loss in points], highest=highest)


@given(points=POINTS)
def test_a_curve_never_falls_and_starts_at_nought(points: list[tuple[float, float]]) -> None:
    losses = fitted(points).loss_at(GRID)
    assert losses[0] == 0
    assert (np.diff(losses) >= -1e-12).all()
    assert losses.shape == GRID.shape


@given(points=st.lists(st.tuples(RATIOS, LOSSES), min_size=1, unique_by=lambda each: each[0]))
def test_it_goes_through_points_that_rise_from_nought(points: list[tuple[float, float]]) -> None:
    ratios = sorted(ratio for ratio, _ in points)
    losses = sorted(max(loss, 0.0) for _, loss in points)
    curve = fitted(list(zip(ratios, losses, strict=True)))
    np.testing.assert_allclose(curve.loss_at(ratios), losses, rtol=0, atol=1e-12)


@given(points=st.lists(st.tuples(RATIOS, LOSSES), min_size=1, unique_by=lambda each: each[0]))
def test_no_other_curve_that_never_falls_from_nought_is_nearer(
    points: list[tuple[float, float]],
) -> None:
    points = sorted(points)
    ratios, losses = np.array(points).T
    here = fitted(points).loss_at(ratios)
    distance = np.square(here - losses).sum()
    # Any such curve is a sum of steps up; nearer ones would lie in the direction of one.
    for start in range(len(points)):
        step = np.where(np.arange(len(points)) >= start, 1e-4, 0.0)
        for other in (here + step, np.maximum.accumulate(np.maximum(here - step, 0))):
            assert np.square(other - losses).sum() >= distance - 1e-12


@given(points=POINTS, highest=st.floats(0.05, 1))
def test_beyond_the_last_point_it_rises_at_least_as_before_up_to_the_highest(
    points: list[tuple[float, float]], highest: float
) -> None:
    curve = fitted(points, highest)
    last = max((ratio for ratio, _ in points), default=0.0)
    here, end = float(curve.loss_at(last)), float(curve.loss_at(1.0))
    if last:
        assert end >= min(here / last, highest) - 1e-9
    assert end <= max(here, highest) + 1e-12


def test_a_metric_that_is_down_already_does_not_make_the_last_channels_free() -> None:
    curve = fitted([(0.3, 0.2), (0.6, 0.6), (0.9, 0.6)], highest=0.7)
    assert float(curve.loss_at(0.9)) == pytest.approx(0.6)
    assert float(curve.loss_at(1.0)) == pytest.approx(0.6 + 0.1 * 0.6 / 0.9)
    assert float(fitted([(0.5, 0.1), (0.8, 0.4)]).loss_at(0.9)) == pytest.approx(0.5)


@given(points=POINTS, allowed=st.floats(0, 1))
def test_the_ratio_for_a_loss_is_the_largest_that_costs_no_more(
    points: list[tuple[float, float]], allowed: float
) -> None:
    curve = fitted(points)
    ratio = float(curve.ratio_at(allowed))
    assert 0 <= ratio <= 1
    assert float(curve.loss_at(ratio)) <= allowed + 1e-9
    if ratio < 1 - 1e-6:
        assert float(curve.loss_at(ratio + 1e-6)) >= allowed - 1e-9
    costs_no_more = GRID[curve.loss_at(GRID) <= allowed - 1e-9]
    assert ratio >= costs_no_more.max(initial=0.0) - 1e-9


@given(points=POINTS, loss=st.lists(st.floats(-1, 2), min_size=1))
def test_one_call_for_many_losses_is_many_calls(
    points: list[tuple[float, float]], loss: list[float]
) -> None:
    curve = fitted(points)
    np.testing.assert_array_equal(curve.ratio_at(loss), [float(curve.ratio_at(x)) for x in loss])


def test_the_flat_end_of_what_is_allowed_counts() -> None:
    curve = fitted([(0.2, 0.1), (0.6, 0.1), (0.8, 0.5)])
    assert float(curve.ratio_at(0.1)) == pytest.approx(0.6)
    assert float(curve.ratio_at(0.3)) == pytest.approx(0.7)
    assert float(curve.ratio_at(0.05)) == pytest.approx(0.1)
    assert float(curve.ratio_at(0.0)) == 0.0
    assert float(curve.ratio_at(-1.0)) == 0.0
    free = fitted([(0.2, -0.1), (0.6, -0.05), (0.8, 0.5)])
    assert float(free.ratio_at(0.0)) == pytest.approx(0.6)


def test_what_wobbles_is_pooled() -> None:
    curve = fitted([(0.1, 0.05), (0.2, 0.01), (0.3, 0.2), (0.3, 0.4)])
    np.testing.assert_allclose(curve.loss_at([0.1, 0.2, 0.3]), [0.03, 0.03, 0.3])


def test_a_group_that_was_not_measured_has_no_curve() -> None:
    curves = LossCurves(curves={"stage": fitted([(0.5, 0.4)])})
    with pytest.raises(UnknownNameError, match="unknown group with sensitivities 'stags'"):
        curves.loss_at("stags", 0.5)
