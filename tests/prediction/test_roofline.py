from __future__ import annotations

import numpy as np
import pytest

from edgeslim.prediction.operator_features import operator_features
from edgeslim.prediction.roofline import NOMINAL_PRICES, device_prices, fit_prices, shares
from tests.prediction.made_up_device import dense_grid

COSTS = operator_features(dense_grid()).costs


def test_prices_that_were_asked_are_found() -> None:
    asked = NOMINAL_PRICES * [3, 0.5, 1, 2, 1, 4, 1, 0.5]
    latencies_ms = COSTS @ asked
    found = fit_prices(COSTS, latencies_ms, NOMINAL_PRICES, spread=1.5)
    assert COSTS @ found == pytest.approx(latencies_ms, rel=0.02)


@pytest.mark.parametrize("speed", [0.01, 1.0, 100.0])
def test_a_device_of_another_speed_asks_other_prices(speed: float) -> None:
    latencies_ms = COSTS @ NOMINAL_PRICES * speed
    assert device_prices(COSTS, latencies_ms) == pytest.approx(NOMINAL_PRICES * speed, rel=1e-6)


def test_of_nothing_the_prices_are_the_nominal_ones() -> None:
    assert (device_prices(COSTS[:0], np.empty(0)) == NOMINAL_PRICES).all()


def test_a_price_that_nothing_speaks_of_stays_where_it_was() -> None:
    costs = np.array([[1.0, 0.0], [2.0, 0.0]])
    found = fit_prices(costs, np.array([3.0, 6.0]), np.array([1.0, 7.0]), spread=1.5)
    assert found[0] == pytest.approx(3, rel=0.02)
    assert found[1] == 7


def test_shares_are_the_derivative_by_the_logarithms_of_the_prices() -> None:
    before = np.log(COSTS @ NOMINAL_PRICES)
    for index in range(len(NOMINAL_PRICES)):
        dearer = NOMINAL_PRICES.copy()
        dearer[index] *= 1.000001
        slope = (np.log(COSTS @ dearer) - before) / np.log(1.000001)
        assert shares(COSTS, NOMINAL_PRICES)[:, index] == pytest.approx(slope, abs=1e-5)
