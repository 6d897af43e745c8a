"""Ratios of signal and noise, of arrays whose ratio is known."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.training.quantization.signal_to_noise import (
    MOST_DB,
    NoisePower,
    signal_to_noise_db,
)


def test_decibels_of_known_arrays() -> None:
    signal = np.array([3.0, -4.0], np.float32)
    assert signal_to_noise_db([signal], [signal * 0.9]) == pytest.approx(20, abs=1e-4)
    assert signal_to_noise_db([signal], [np.zeros(2)]) == 0
    assert signal_to_noise_db([signal], [signal]) == MOST_DB
    assert signal_to_noise_db([np.zeros(2)], [signal]) == -MOST_DB
    assert signal_to_noise_db([signal, signal], [signal * 0.9, signal * 0.99]) == pytest.approx(
        20, abs=1e-4
    )


def test_batches_add_up_to_the_whole() -> None:
    generator = np.random.default_rng(0)
    wanted, got = generator.normal(size=(2, 9))
    power = NoisePower()
    for start in (0, 3, 6):
        power.add(wanted[start : start + 3], got[start : start + 3])
    assert power.decibels == pytest.approx(signal_to_noise_db([wanted], [got]))
