"""A fit finds what was planted, and is honest about what it did not see."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from edgeslim.measurement import HOT, CacheState
from edgeslim.prediction.calibration import UNCALIBRATED, Calibration, NetworkPoint, calibrate
from edgeslim.prediction.reuse_distance import (
    DEFAULT_CACHE_MODEL,
    CacheModel,
    LatencyCurves,
    touched_bytes,
)
from tests.prediction.networks import STATES_MB, latencies_ms, synthetic_networks
from tests.values import MB


def points(model: CacheModel, *, count: int = 12) -> list[NetworkPoint]:
    """Networks that obey a model exactly."""
    found = []
    for name, (specs, _, network) in synthetic_networks(model, count=count).items():
        totals = np.sum([latencies_ms(spec) for spec in specs], axis=0)
        found.append(
            NetworkPoint(
                name=name,
                measured_ms=network.latency_ms,
                count=len(specs),
                touched_bytes=touched_bytes(specs),
                swept_bytes=np.array(STATES_MB, np.float64) * MB,
                totals_ms=totals,
            )
        )
    return found


@pytest.mark.parametrize("factor", [0.8, 1.5, 2.5])
@pytest.mark.parametrize("scale", [0.85, 1.0, 1.1])
@pytest.mark.parametrize("overhead_ms", [-0.004, 0.0, 0.01])
def test_the_planted_model_is_found(factor: float, scale: float, overhead_ms: float) -> None:
    planted = CacheModel(distance_factor=factor, scale=scale, overhead_ms=overhead_ms)
    networks = points(planted)
    calibration = calibrate(networks)
    found = calibration.model
    assert found.distance_factor == pytest.approx(factor, rel=0.15)
    # What scale and overhead share is decided by how unlikely each is.
    assert found.scale == pytest.approx(scale, abs=0.05)
    typical_ms = float(np.mean([point.measured_ms / point.count for point in networks]))
    assert found.overhead_ms == pytest.approx(overhead_ms, abs=0.02 * typical_ms)
    assert calibration.worst_error < 0.02


def test_noise_of_one_percent_leaves_errors_of_that_size() -> None:
    generator = np.random.default_rng(0)
    noisy = [
        replace(point, measured_ms=point.measured_ms * float(generator.normal(1, 0.01)))
        for point in points(CacheModel(distance_factor=1.2, scale=0.95))
    ]
    calibration = calibrate(noisy)
    assert 0.003 < calibration.mean_error < 0.02
    assert 0.01 < calibration.half_width() < 0.05


@pytest.mark.parametrize("place", [0, 5, 11])
def test_a_network_that_is_unlike_the_others_shows_in_its_own_error(place: int) -> None:
    networks = points(CacheModel(distance_factor=1.5))
    outlier = networks[place]
    networks[place] = replace(outlier, measured_ms=1.3 * outlier.measured_ms)
    residuals = calibrate(networks).residuals
    assert residuals[outlier.name] == pytest.approx(1 / 1.3 - 1, abs=0.06)
    others = [abs(error) for name, error in residuals.items() if name != outlier.name]
    assert max(others) < 0.15
    assert max(residuals, key=lambda name: abs(residuals[name])) == outlier.name


def test_an_error_is_what_a_fit_on_the_others_makes() -> None:
    networks = points(CacheModel(distance_factor=1.0, scale=0.9), count=6)
    networks[2] = replace(networks[2], measured_ms=1.2 * networks[2].measured_ms)
    others = calibrate([*networks[:2], *networks[3:]]).model
    predicted = others.latency_ms(networks[2].total_ms(others.distance_factor), networks[2].count)
    expected = predicted / networks[2].measured_ms - 1
    assert calibrate(networks).residuals[networks[2].name] == pytest.approx(expected)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_networks_are_no_fit(count: int) -> None:
    calibration = calibrate(points(CacheModel(scale=0.5))[:count])
    assert calibration is UNCALIBRATED
    assert calibration.model == DEFAULT_CACHE_MODEL
    assert calibration.residuals == {}
    assert math.isnan(calibration.mean_error)
    assert math.isnan(calibration.worst_error)
    assert calibration.half_width() == pytest.approx(0.1645)


def test_three_networks_hold_on_to_the_default_where_they_do_not_speak() -> None:
    (point, *_) = points(CacheModel())
    found = calibrate([replace(point, name=name) for name in "abc"]).model
    assert found.scale == pytest.approx(1.0, abs=0.01)
    assert found.overhead_ms == pytest.approx(0.0, abs=0.01)
    assert found.distance_factor == pytest.approx(DEFAULT_CACHE_MODEL.distance_factor, rel=0.1)


def test_the_interval_is_of_the_errors_and_wider_for_few_networks() -> None:
    few = Calibration(model=DEFAULT_CACHE_MODEL, residuals={str(i): 0.02 for i in range(3)})
    many = Calibration(model=DEFAULT_CACHE_MODEL, residuals={str(i): 0.02 for i in range(60)})
    assert few.mean_error == few.worst_error == pytest.approx(0.02)
    # Student's t at 95 % with 59 and 2 degrees of freedom is 1.671 and 2.920.
    assert many.half_width() == pytest.approx(1.671 * 0.02 * math.sqrt(61 / 60), rel=1e-3)
    assert few.half_width() == pytest.approx(2.920 * 0.02 * math.sqrt(4 / 3), rel=1e-3)
    assert many.half_width(confidence=0.5) < many.half_width() < many.half_width(confidence=0.99)


def test_curves_are_less_the_null_operator_in_the_same_state() -> None:
    eight = CacheState(swept_bytes=8 * MB)
    four = CacheState(swept_bytes=4 * MB)
    swept, times = LatencyCurves({HOT: 0.1, eight: 0.3}).curve({eight: 5.0, HOT: 1.0, four: 0.15})
    assert swept.tolist() == [0, 4 * MB, 8 * MB]
    assert times.tolist() == pytest.approx([0.9, 0.0, 4.7])
    assert LatencyCurves({}).curve({HOT: 1.0})[1].tolist() == [1.0]


def test_a_network_touches_weights_inputs_and_outputs_of_every_operator() -> None:
    specs, *_ = synthetic_networks(CacheModel())["net0"]
    each = [spec.weight_bytes + spec.input_bytes + spec.output_bytes for spec in specs]
    assert touched_bytes(specs) == sum(each)
    assert touched_bytes([*specs, specs[0]]) == sum(each) + each[0]
