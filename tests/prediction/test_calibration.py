"""A fit finds what was planted, and is honest about what it did not see."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from edgeslim.prediction.calibration import (
    UNCALIBRATED,
    Calibration,
    CalibrationNetwork,
    calibrate,
)
from edgeslim.prediction.network_features import Array, NetworkFeatures
from edgeslim.prediction.network_fit import FORMS
from edgeslim.prediction.network_model import DEFAULT_MODEL, NetworkModel
from tests.prediction.networks import LAYOUT, truths


def as_networks(networks: list[CalibrationNetwork]) -> NetworkFeatures:
    return LAYOUT.networks(np.array([truth.sums for truth in networks]))


def half_width(calibration: Calibration, **options: float) -> float:
    """Relative half-width of the interval of some network."""
    networks = as_networks(truths(DEFAULT_MODEL, count=1))
    (width,) = calibration.half_widths_ms(networks, **options)
    return float(width / calibration.model.latencies_ms(networks)[0])


def noisy(networks: list[CalibrationNetwork], error: float, seed: int) -> list[CalibrationNetwork]:
    """Networks that are measured with some relative error."""
    generator = np.random.default_rng(seed)
    return [
        replace(truth, measured_ms=truth.measured_ms * math.exp(error * generator.normal()))
        for truth in networks
    ]


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
    calibration = calibrate(noisy(truths(planted(0.95, distance_factor=1.2)), 0.01, 0), LAYOUT)
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
    # The others alone have other mean times, in which bytes and calls are measured.
    assert residuals[networks[2].name] == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_networks_are_no_fit_and_nobody_knows_the_error(count: int) -> None:
    calibration = calibrate(truths(planted(0.5))[:count], LAYOUT)
    assert calibration is UNCALIBRATED
    assert calibration.model == DEFAULT_MODEL
    assert calibration.residuals == {}
    assert math.isnan(calibration.mean_error)
    assert math.isnan(calibration.worst_error)
    assert not calibration.has_intervals
    assert math.isnan(half_width(calibration))


def test_three_networks_hold_on_to_the_default_where_they_do_not_speak() -> None:
    (truth, *_) = truths(DEFAULT_MODEL)
    found = calibrate([replace(truth, name=name) for name in "abc"], LAYOUT).model
    assert found.scale == pytest.approx(1.0, abs=0.01)
    assert found.cold_scale == pytest.approx(DEFAULT_MODEL.cold_scale, abs=0.01)
    assert found.overhead_ms == pytest.approx(0.0, abs=0.01)
    assert found.run_ms == pytest.approx(0.0, abs=0.01)
    assert found.distance_factor == pytest.approx(DEFAULT_MODEL.distance_factor, rel=0.1)


@pytest.mark.parametrize("times", [0.3, 1.0])
def test_what_a_run_takes_whatever_the_network_is_found(times: float) -> None:
    fastest_ms = min(truth.measured_ms for truth in truths(DEFAULT_MODEL))
    run_ms = times * fastest_ms
    networks = noisy(truths(NetworkModel(run_ms=run_ms)), 0.005, seed=0)
    calibration = calibrate(networks, LAYOUT)
    assert calibration.fit is not None
    assert calibration.fit.form is FORMS[-1]
    assert calibration.model.run_ms == pytest.approx(run_ms, rel=0.1)
    assert calibration.worst_error < 0.03


def test_a_device_whose_runs_cost_nothing_is_not_given_a_constant() -> None:
    fastest_ms = min(truth.measured_ms for truth in truths(planted(0.95)))
    found = [
        calibrate(noisy(truths(planted(0.95)), 0.01, seed), LAYOUT).model.run_ms / fastest_ms
        for seed in range(5)
    ]
    assert all(0 <= share < 0.1 for share in found)
    assert np.median(found) == 0.0


def coverage(count: int, error: float, confidences: Sequence[float]) -> list[tuple[float, Array]]:
    """How many networks of a noisy device lie in their intervals, over many fits on a few."""
    inside: list[list[float]] = [[] for _ in confidences]
    widths: list[list[float]] = [[] for _ in confidences]
    for seed in range(30):
        order = np.random.default_rng(seed).permutation(24)
        networks = noisy(truths(planted(0.95, distance_factor=1.2), count=24), error, seed)
        drawn = [networks[index] for index in order]
        calibration = calibrate(drawn[:count], LAYOUT)
        judged = as_networks(drawn[count:])
        predicted = calibration.model.latencies_ms(judged)
        measured_ms = np.array([truth.measured_ms for truth in drawn[count:]])
        for place, confidence in enumerate(confidences):
            half_ms = calibration.half_widths_ms(judged, confidence=confidence)
            inside[place].append(float(np.mean(np.abs(predicted - measured_ms) <= half_ms)))
            widths[place].append(float(np.median(half_ms / predicted)))
    return [
        (float(np.mean(held)), np.array(wide)) for held, wide in zip(inside, widths, strict=True)
    ]


@pytest.mark.parametrize(("count", "error"), [(6, 0.01), (10, 0.03), (16, 0.06)])
def test_intervals_hold_what_they_promise(count: int, error: float) -> None:
    confidences = (0.6, 0.9)
    found = coverage(count, error, confidences)
    for confidence, (held, widths) in zip(confidences, found, strict=True):
        # Of ten networks, one more is beyond the widest with a probability of one eleventh.
        promised = min(math.ceil(confidence * (count + 1)) / (count + 1), 0.95)
        assert promised - 0.1 <= held <= promised + 0.1
        assert np.median(widths) < 5 * error


def test_intervals_by_three_networks_are_wide_and_hold_most() -> None:
    ((held, widths),) = coverage(3, 0.02, [0.9])
    assert held > 0.75
    assert np.median(widths) > 0.03


def test_a_network_unlike_those_of_the_fit_has_a_wider_interval() -> None:
    networks = noisy(truths(planted(0.95)), 0.02, seed=0)
    calibration = calibrate(networks[:6], LAYOUT)
    known = as_networks(networks[:1])
    moved = 100 * known.touched_bytes  # bytes of hundreds of such networks, in one's time
    (usual,), (strange,) = (
        calibration.half_widths_ms(features)
        for features in (known, replace(known, touched_bytes=moved))
    )
    assert strange > 2 * usual


def test_what_is_interpolated_widens_the_interval() -> None:
    calibration = calibrate(noisy(truths(DEFAULT_MODEL), 0.01, seed=0), LAYOUT)
    networks = as_networks(truths(DEFAULT_MODEL, count=1))
    doubtful = replace(networks, uncertainty_ms=networks.uncertainty_ms + 0.2)
    (sure,), (unsure,) = (calibration.half_widths_ms(some) for some in (networks, doubtful))
    assert unsure > 1.2 * sure


def uncertain(networks: list[CalibrationNetwork], error: float) -> list[CalibrationNetwork]:
    """Networks whose operators have some relative uncertainty."""
    place = np.eye(networks[0].sums.size)[3]
    return [
        replace(truth, sums=truth.sums + place * error * truth.measured_ms) for truth in networks
    ]


def test_errors_of_interpolated_operators_are_not_taken_for_the_models_own() -> None:
    networks = noisy(truths(DEFAULT_MODEL), 0.05, seed=0)
    told, untold = (calibrate(some, LAYOUT) for some in (uncertain(networks, 0.05), networks))
    assert told.fit is not None
    assert untold.fit is not None
    assert told.mean_error > 0.02
    assert told.fit.noise < untold.fit.noise


def test_doubt_that_networks_do_not_show_counts_less() -> None:
    sure = calibrate(truths(DEFAULT_MODEL), LAYOUT).fit
    doubtful = calibrate(uncertain(truths(DEFAULT_MODEL), 0.2), LAYOUT).fit
    assert sure is not None
    assert doubtful is not None
    assert sure.share == 1.0, "no network tells"
    assert doubtful.share < 0.1
