"""What another device says about how networks follow from operators."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from edgeslim.prediction.calibration import CalibrationNetwork, calibrate
from edgeslim.prediction.network_fit import ALIKE
from edgeslim.prediction.network_model import NetworkModel
from tests.prediction.networks import LAYOUT, truths

SLOW = NetworkModel(scale=1.3, cold_scale=0.6, distance_factor=1.5)


def noisy(model: NetworkModel, count: int, seed: int) -> list[CalibrationNetwork]:
    """Networks that a device of some model was measured on, each some percent off."""
    generator = np.random.default_rng(seed)
    return [
        replace(truth, measured_ms=truth.measured_ms * math.exp(0.05 * generator.standard_normal()))
        for truth in truths(model, count=count)
    ]


def mean_error(model: NetworkModel) -> float:
    unseen = truths(SLOW, count=12)[4:]
    networks = LAYOUT.networks(np.array([truth.sums for truth in unseen]))
    measured_ms = np.array([truth.measured_ms for truth in unseen])
    return float(np.mean(np.abs(model.latencies_ms(networks) / measured_ms - 1)))


def test_a_device_like_another_one_needs_fewer_networks() -> None:
    errors, forms = [], []
    for seed in range(8):
        few = noisy(SLOW, 4, seed)
        alone, like = calibrate(few, LAYOUT), calibrate(few, LAYOUT, others=[SLOW])
        assert like.fit is not None
        forms.append(like.fit.form)
        errors.append((mean_error(like.model), mean_error(alone.model)))
    assert forms.count(ALIKE) > 4
    with_other, without = np.mean(errors, axis=0)
    assert with_other < without


def test_networks_decide_against_another_device_that_they_contradict() -> None:
    strange = NetworkModel(scale=0.6, cold_scale=1.4, distance_factor=0.3)
    networks = truths(SLOW, count=8)
    alone, like = calibrate(networks, LAYOUT), calibrate(networks, LAYOUT, others=[strange])
    assert like.fit is not None
    assert like.fit.form is not ALIKE
    assert like.model == alone.model


def test_with_fewer_networks_than_a_fit_needs_nothing_is_taken_over() -> None:
    found = calibrate(truths(SLOW, count=2), LAYOUT, others=[SLOW])
    assert found.fit is None
    assert found.model.scale == pytest.approx(1.0)
