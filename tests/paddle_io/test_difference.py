"""How far two results are apart."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from edgeslim.paddle_io.difference import difference_and_scale

NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("truth", "found", "expected"),
    [
        ([1.0, -4.0], [1.5, -4.0], (0.5, 4.0)),
        ([NAN, INFINITE, 2.0], [NAN, INFINITE, 2.0], (0.0, 2.0)),
        ([INFINITE, 2.0], [-INFINITE, 2.0], (math.inf, 2.0)),
        ([1.0, 2.0], [1.0, NAN], (math.inf, 2.0)),
        ([True, False], [True, True], (1.0, 1.0)),
        ([3, 9], [3, 4], (5.0, 9.0)),
        ([2**60], [2**60 + 1], (1.0, float(2**60))),
        ([3 + 4j], [3 + 3j], (1.0, 5.0)),
        ([], [], (0.0, 0.0)),
    ],
)
def test_difference_and_scale(
    truth: list[Any], found: list[Any], expected: tuple[float, float]
) -> None:
    assert difference_and_scale(np.array(truth), np.array(found)) == expected
