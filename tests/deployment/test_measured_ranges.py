"""Operators that lie beyond what a table has measured."""

from __future__ import annotations

import pytest

from edgeslim.deployment.measured_ranges import Ranges
from edgeslim.opspec import OpSpec
from tests.values import convolution, relu

RANGES = Ranges([convolution(8, 16), convolution(16, 32), relu(16)])


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (convolution(8, 16), ""),
        (convolution(12, 24), ""),
        (convolution(32, 32), "2.0 times the most"),
        (convolution(4, 8), "of the fewest"),
        (relu(160), "10.0 times the most bytes of"),
        (relu(16, extent=2), "0.25 of the fewest bytes of"),
    ],
)
def test_it_is_said_in_what_and_how_far(spec: OpSpec, text: str) -> None:
    found = RANGES.outside(spec)
    assert text in found
    assert bool(found) is bool(text)


def test_a_kind_that_was_never_measured_is_beyond_everything() -> None:
    assert Ranges([relu(8)]).outside(convolution(8, 8)) == "no conv2d was measured at all"
