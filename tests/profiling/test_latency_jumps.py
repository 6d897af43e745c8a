from __future__ import annotations

import numpy as np
import pytest

from edgeslim.opspec import OpSpec
from edgeslim.prediction.operator_features import operator_features
from edgeslim.profiling.latency_jumps import Bracket, find_brackets
from tests.prediction.made_up_device import depthwise
from tests.values import convolution


def brackets(known: dict[OpSpec, float], candidates: list[OpSpec]) -> list[Bracket]:
    residuals = np.array(list(known.values()))
    return find_brackets(operator_features(list(known)), residuals, operator_features(candidates))


def test_the_middle_of_a_jump_comes_next() -> None:
    known = {convolution(8, 16): 0.0, convolution(8, 64): 0.4, convolution(8, 128): 0.41}
    candidates = [convolution(8, width) for width in (24, 32, 40, 56, 96)]
    (found,) = brackets(known, candidates)
    assert found.between == (0, 1, 2, 3)
    assert found.middle == 2
    assert found.jump == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (convolution(8, 16), convolution(8, 64)),
        (convolution(16, 8), convolution(64, 8)),
        (depthwise(16), depthwise(64)),
    ],
)
def test_every_axis_of_channels_is_looked_along(one: OpSpec, other: OpSpec) -> None:
    middle = {
        (16, 8): convolution(32, 8),
        (8, 16): convolution(8, 32),
        (16, 16): depthwise(32),
    }[one.input_shape[1], one.output_shape[1]]
    (found,) = brackets({one: 0.0, other: 0.4}, [middle])
    assert found.middle == 0


@pytest.mark.parametrize("difference", [0.03, -0.03, 0.0])
def test_what_noise_explains_is_no_jump(difference: float) -> None:
    known = {convolution(8, 16): 0.0, convolution(8, 64): difference}
    assert brackets(known, [convolution(8, 32)]) == []


def test_where_all_values_differ_a_jump_must_be_larger() -> None:
    def known(noise: float) -> dict[OpSpec, float]:
        widths = range(200, 260, 8)
        noisy = {convolution(8, w): noise * (w % 16 > 0) for w in widths}
        return {
            convolution(8, 16): 0.0,
            convolution(8, 64): 0.12,
            convolution(8, 192): 0.1,
            **noisy,
        }

    assert [bracket.middle for bracket in brackets(known(0.01), [convolution(8, 32)])] == [0]
    assert brackets(known(0.05), [convolution(8, 32)]) == []


def test_an_edge_within_one_step_of_the_grid_is_found() -> None:
    known = {convolution(8, 16): 0.0, convolution(8, 24): 0.4}
    assert brackets(known, [convolution(8, 32), convolution(8, 8)]) == []


def test_points_of_another_line_are_no_neighbours() -> None:
    known = {convolution(8, 16): 0.0, convolution(12, 64): 0.4, convolution(8, 64, kernel=1): 0.4}
    assert brackets(known, [convolution(8, 32)]) == []
