"""Which layers stay in floats, compared with every possible choice."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from edgeslim.training.quantization.layer_errors import (
    Explanation,
    LayerError,
    by_loss,
    costs_of,
)
from edgeslim.training.quantization.mixed_precision import choose_floats, gains_of


def layer(name: str, alone: float = 0.0, others: float = 0.0, **more: Any) -> LayerError:
    values = {"snr_alone_db": 30.0, "snr_accumulated_db": 20.0, "macs": 10, **more}
    return LayerError(
        weight=f"{name}.w",
        output=name,
        kind="conv2d",
        scale=1.0,
        largest=1.5,
        clipped=0.01,
        loss_alone=alone,
        loss_others=others,
        **values,
    )


def every_set(count: int) -> list[tuple[int, ...]]:
    return [chosen for size in range(count + 1) for chosen in combinations(range(count), size)]


@pytest.mark.parametrize("seed", range(12))
def test_no_set_of_layers_that_wins_enough_is_cheaper(seed: int) -> None:
    generator = np.random.default_rng(seed)
    count = int(generator.integers(1, 9))
    costs = generator.integers(1, 40, count) / 8
    gains = generator.integers(0, 12, count) / 1000  # also those that win nothing
    for needed in (0.004, 0.4 * gains.sum(), 0.9 * gains.sum(), gains.sum()):
        chosen = choose_floats(costs.tolist(), gains.tolist(), needed)
        enough = [one for one in every_set(count) if gains[list(one)].sum() >= needed * (1 - 1e-9)]
        if not enough:
            assert chosen is None
            continue
        assert chosen is not None
        assert chosen in enough
        cheapest = min(costs[list(one)].sum() for one in enough)
        assert costs[list(chosen)].sum() == pytest.approx(cheapest, rel=1e-6)


def test_nothing_is_kept_where_nothing_is_needed() -> None:
    assert choose_floats([1.0, 2.0], [0.1, 0.2], 0.0) == ()
    assert choose_floats([1.0, 2.0], [0.1, 0.2], -0.1) == ()
    assert choose_floats([1.0, 2.0], [0.1, 0.2], 0.31) is None


def test_a_layer_wins_the_mean_of_both_measurements_and_never_less_than_nothing() -> None:
    layers = (layer("a", 0.02, 0.03), layer("b", -0.01, 0.05), layer("c", -0.04, 0.06))
    explanation = Explanation(images=100, in_floats=0.9, all_rounded=0.85, layers=layers)
    assert gains_of(explanation) == pytest.approx((0.02, 0.0, 0.0))


def test_layers_are_ordered_by_loss_over_the_time_that_they_take() -> None:
    plain = [layer("a", 0.01), layer("b", 0.03), layer("c", 0.0, snr_alone_db=9.0), layer("d")]
    assert [one.output for one in by_loss(plain)] == ["b", "a", "c", "d"]
    timed = [layer("a", 0.01, float_ms=0.1), layer("b", 0.03, float_ms=1.0)]
    assert [one.output for one in by_loss(timed)] == ["a", "b"]
    # One that the table lacks has no price to compare by.
    assert [one.output for one in by_loss([*timed, layer("c", 0.02)])] == ["b", "c", "a"]
    assert costs_of(timed) == [0.1, 1.0]
    # Milliseconds and products are never weighed against each other.
    assert costs_of([*timed, layer("c", macs=7)]) == [10, 10, 7]
