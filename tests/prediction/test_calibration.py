"""A fit finds what was planted, and is honest about what it did not see."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from edgeslim.prediction.calibration import UNCALIBRATED, Calibration, CalibrationNetwork, calibrate
from edgeslim.prediction.network_features import NetworkFeatures
from edgeslim.prediction.network_model import DEFAULT_MODEL, NetworkModel
from tests.prediction.networks import LAYOUT, truths


def as_networks(networks: list[CalibrationNetwork]) -> NetworkFeatures:
    return LAYOUT.networks(np.array([truth.sums for truth in networks]))


def half_width(calibration: Calibration, **options: float) -> float:
    """Relative half-width of the interval of some network."""
    networks = as_networks(truths(DEFAULT_MODEL, count=1))
    (width,) = calibration.half_widths_ms(networks, **options)
    return float(width / calibration.model.latencies_ms(networks)[0])


def planted(scale: float = 1.0, **fields: float) -> NetworkModel:
    return NetworkModel(scale=scale, cold_scale=scale / 2, **fields)


@pytest.mark.parametrize("factor", [0.8, 1.5, 2.5])
@pytest.mark.parametrize("scale", [0.85, 1.0, 1.1])
@pytest.mark.parametrize("overhead_ms", [-0.004, 0.0, 0.01])
def test_networks_of_a_planted_model_are_predicted(
    factor: float, scale: float, overhead_ms: float
) -> None:
    networks = truths(planted(scale, distance_factor=factor, overhead_ms=overhead_ms))
    calibration = calibrate(networks, LAYOUT)
    # What the numbers of the model share among them is decided by how unlikely each is.
    predicted = calibration.model.latencies_ms(as_networks(networks))
    assert predicted == pytest.approx([truth.measured_ms for truth in networks], rel=0.02)
    assert calibration.worst_error < 0.06


def test_bytes_that_take_their_time_are_found() -> None:
    moved = NetworkModel(byte_ms=1e-7)
    found = calibrate(truths(moved), LAYOUT).model
    assert found.byte_ms == pytest.approx(1e-7, rel=0.5)
    without = [truth.measured_ms for truth in truths(DEFAULT_MODEL)]
    with_them = [truth.measured_ms for truth in truths(moved)]
    assert min(np.divide(with_them, without)) > 1.02, "they matter in these networks"


def test_noise_of_one_percent_leaves_errors_of_that_size() -> None:
    generator = np.random.default_rng(0)
    noisy = [
        replace(truth, measured_ms=truth.measured_ms * float(generator.normal(1, 0.01)))
        for truth in truths(planted(0.95, distance_factor=1.2))
    ]
    calibration = calibrate(noisy, LAYOUT)
    assert 0.003 < calibration.mean_error < 0.02
    assert 0.01 < half_width(calibration) < 0.05


@pytest.mark.parametrize("place", [0, 5, 11])
def test_a_network_that_is_unlike_the_others_shows_in_its_own_error(place: int) -> None:
    networks = truths(DEFAULT_MODEL)
    outlier = networks[place]
    networks[place] = replace(outlier, measured_ms=1.3 * outlier.measured_ms)
    residuals = calibrate(networks, LAYOUT).residuals
    assert residuals[outlier.name] == pytest.approx(1 / 1.3 - 1, abs=0.08)
    assert max(residuals, key=lambda name: abs(residuals[name])) == outlier.name


def test_an_error_is_what_a_fit_on_the_others_makes() -> None:
    networks = truths(planted(0.9, distance_factor=1.0), count=6)
    networks[2] = replace(networks[2], measured_ms=1.2 * networks[2].measured_ms)
    others = calibrate([*networks[:2], *networks[3:]], LAYOUT).model
    (predicted,) = others.latencies_ms(as_networks(networks[2:3]))
    expected = predicted / networks[2].measured_ms - 1
    residuals = calibrate(networks, LAYOUT).residuals
    assert residuals[networks[2].name] == pytest.approx(expected)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_networks_are_no_fit(count: int) -> None:
    calibration = calibrate(truths(planted(0.5))[:count], LAYOUT)
    assert calibration is UNCALIBRATED
    assert calibration.model == DEFAULT_MODEL
    assert calibration.residuals == {}
    assert math.isnan(calibration.mean_error)
    assert math.isnan(calibration.worst_error)
    assert half_width(calibration) == pytest.approx(0.1645, abs=1e-3)


def test_three_networks_hold_on_to_the_default_where_they_do_not_speak() -> None:
    (truth, *_) = truths(DEFAULT_MODEL)
    found = calibrate([replace(truth, name=name) for name in "abc"], LAYOUT).model
    assert found.scale == pytest.approx(1.0, abs=0.01)
    assert found.cold_scale == pytest.approx(DEFAULT_MODEL.cold_scale, abs=0.01)
    assert found.overhead_ms == pytest.approx(0.0, abs=0.01)
    assert found.distance_factor == pytest.approx(DEFAULT_MODEL.distance_factor, rel=0.1)


def test_the_interval_is_of_the_errors_and_wider_for_few_networks() -> None:
    few, many = (
        Calibration(
            model=DEFAULT_MODEL, residuals={str(i): 0.02 for i in range(count)}, own_error=0.02
        )
        for count in (3, 60)
    )
    assert few.mean_error == few.worst_error == pytest.approx(0.02)
    # Student's t at 95 % with 59 and 2 degrees of freedom is 1.671 and 2.920.
    assert half_width(many) == pytest.approx(1.671 * 0.02 * math.sqrt(61 / 60), rel=1e-3)
    assert half_width(few) == pytest.approx(2.920 * 0.02 * math.sqrt(4 / 3), rel=1e-3)
    assert half_width(many, confidence=0.5) < half_width(many) < half_width(many, confidence=0.99)


def test_what_is_interpolated_widens_the_interval() -> None:
    networks = as_networks(truths(DEFAULT_MODEL, count=1))
    doubtful = replace(networks, uncertainty_ms=networks.uncertainty_ms + 0.2)
    (sure,), (unsure,) = (UNCALIBRATED.half_widths_ms(each) for each in (networks, doubtful))
    assert unsure**2 == pytest.approx(sure**2 + (1.645 * 0.2) ** 2, rel=1e-3)


def test_errors_of_interpolated_operators_are_not_taken_for_the_models_own() -> None:
    generator = np.random.default_rng(0)
    noisy = [
        replace(
            truth,
            measured_ms=truth.measured_ms * float(generator.normal(1, 0.05)),
            sums=truth.sums + np.eye(truth.sums.size)[3] * 0.05 * truth.measured_ms,
        )
        for truth in truths(DEFAULT_MODEL)
    ]
    calibration = calibrate(noisy, LAYOUT)
    assert calibration.mean_error > 0.02
    assert calibration.own_error < calibration.mean_error


def test_doubt_that_networks_do_not_show_counts_less_but_never_for_nothing() -> None:
    doubtful = [
        replace(truth, sums=truth.sums + np.eye(truth.sums.size)[3] * 0.2 * truth.measured_ms)
        for truth in truths(DEFAULT_MODEL)
    ]
    assert calibrate(truths(DEFAULT_MODEL), LAYOUT).uncertainty_share == 1.0, "no network tells"
    assert calibrate(doubtful, LAYOUT).uncertainty_share == pytest.approx(0.1)
