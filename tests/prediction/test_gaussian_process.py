from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad

from edgeslim.prediction.gaussian_process import (
    Array,
    Coordinates,
    GaussianProcess,
    _Evidence,
)


def line(*places: float, label: int = 0) -> Coordinates:
    count = len(places)
    return Coordinates(
        axes=np.array(places).reshape(-1, 1),
        labels=np.full((count, 1), label),
        trends=np.full((count, 1), 0.5),
    )


WEIGHTS = np.array([0.5, 0.5])


def wave(places: Array) -> Array:
    return (0.3 * np.sin(places))[:, None]


def test_a_smooth_curve_is_followed() -> None:
    known = np.linspace(0, 6, 13)
    process = GaussianProcess(line(*known), wave(known), WEIGHTS)
    between = known[:-1] + 0.25
    mean, deviation = process.predict(line(*between))
    assert mean == pytest.approx(wave(between), abs=0.02)
    assert (deviation < 0.05).all()


def test_far_away_and_under_another_label_it_is_less_sure() -> None:
    known = np.linspace(0, 6, 13)
    process = GaussianProcess(line(*known), wave(known), WEIGHTS)
    near, far = (process.predict(line(place))[1][0] for place in (3.1, 40.0))
    other = process.predict(line(3.1, label=1))[1][0]
    assert near < other
    assert near < far


def test_the_gradient_of_the_evidence_is_its_derivative() -> None:
    generator = np.random.default_rng(0)
    points = generator.uniform(0, 3, (12, 2))
    evidence = _Evidence(
        squares=np.array([np.subtract.outer(axis, axis) ** 2 for axis in points.T]),
        trends=np.full((12, 12), 0.2),
        values=generator.normal(0, 0.3, (12, 3)),
        noise_factors=generator.uniform(1, 2, 12),
    )
    where = np.log([0.4, 0.7, 0.3, 0.1])
    wrong = check_grad(lambda x: evidence.loss(x)[0], lambda x: evidence.loss(x)[1], where)
    assert wrong < 1e-4


def test_errors_left_out_are_those_of_a_process_without_the_value() -> None:
    known = np.linspace(0, 6, 9)
    process = GaussianProcess(line(*known), wave(known), WEIGHTS)
    errors, deviations = process.leave_one_out()
    rest = np.delete(known, 4)
    without = GaussianProcess(line(*rest), wave(rest), WEIGHTS, warm_start=process)
    mean, deviation = without.predict(line(known[4]))
    assert errors[4] == pytest.approx((wave(known[4:5]) - mean)[0], rel=1e-6)
    assert deviations[4] == pytest.approx(deviation[0], rel=1e-6)


def test_one_bad_value_does_not_spoil_its_neighbours() -> None:
    known = np.linspace(0, 6, 25)
    values = wave(known)
    values[12] += 1.0
    process = GaussianProcess(line(*known), values, WEIGHTS)
    between = np.array([2.6, 3.4])
    assert process.predict(line(*between))[0] == pytest.approx(wave(between), abs=0.1)


def test_without_values_it_is_the_prior() -> None:
    process = GaussianProcess(line(), np.empty((0, 2)), WEIGHTS)
    mean, deviation = process.predict(line(1.0, 2.0))
    assert (mean == 0).all()
    assert deviation == pytest.approx(np.sqrt(0.3**2 + 0.5**2 + 0.02**2))
