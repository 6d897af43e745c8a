"""Directions of rounding that are learned, by arrays alone."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from edgeslim.training.quantization.learned_rounding import (
    LayerInputs,
    best_scales,
    layer_errors,
    learn_rounding,
    round_to_nearest,
)


def layer(groups: int, rows: int, terms: int, seed: int = 0) -> tuple[Any, Any, Any]:
    """A weight, inputs that go together as those behind a ReLU do, and what the layer writes."""
    generator = np.random.default_rng(seed)
    mixed = generator.normal(size=(groups, terms, terms)) * 0.5
    inputs = np.maximum(mixed @ generator.normal(size=(groups, terms, 400)) + 0.3, 0)
    weight = generator.normal(size=(groups, rows, terms)).astype(np.float32)
    return weight, inputs, weight @ inputs


def largest(weight: Any) -> Any:
    return np.abs(weight).max(axis=2, keepdims=True)


@pytest.mark.parametrize(("groups", "rows", "terms"), [(1, 8, 16), (12, 1, 9), (2, 6, 4)])
@pytest.mark.parametrize("levels", [7, 127])
def test_a_layer_has_a_smaller_error_than_with_the_nearest_steps(
    groups: int, rows: int, terms: int, levels: int
) -> None:
    weight, inputs, wanted = layer(groups, rows, terms)
    known = LayerInputs.of(inputs, wanted, centred=False)
    scale = largest(weight)
    nearest = round_to_nearest(weight, scale, levels)
    steps = learn_rounding(weight, scale, levels, known)

    def error(chosen: Any) -> Any:
        return np.square(chosen / levels * scale @ inputs - wanted).mean(axis=2)

    assert (error(steps) <= error(nearest) * 1.02).all(), "no channel may end worse"
    assert error(steps).sum() < 0.9 * error(nearest).sum()
    # Each weight goes to one of the two steps beside it, and the scale can be found again.
    assert np.abs(steps - weight / scale * levels).max() <= 1 + 1e-3
    np.testing.assert_array_equal(np.abs(steps).max(axis=2), levels)


def test_the_error_follows_from_sums_over_the_inputs() -> None:
    weight, inputs, wanted = layer(2, 3, 5)
    other = weight + 0.1
    known = LayerInputs.of(inputs, wanted, centred=False)
    truth = np.square(other @ inputs - wanted).mean(axis=2)
    np.testing.assert_allclose(layer_errors(other, known), truth, rtol=1e-3)
    centred = LayerInputs.of(inputs, wanted, centred=True)
    np.testing.assert_allclose(
        layer_errors(other, centred), (other @ inputs - wanted).var(axis=2), rtol=1e-3
    )


def test_few_weights_are_rounded_as_the_best_of_all_combinations() -> None:
    levels = 3
    for seed in range(5):
        weight, inputs, wanted = layer(1, 2, 5, seed)
        known = LayerInputs.of(inputs, wanted, centred=False)
        scale = largest(weight)
        steps = learn_rounding(weight, scale, levels, known)
        found = layer_errors(steps / levels * scale, known)[0]
        nearest = layer_errors(round_to_nearest(weight, scale, levels) / levels * scale, known)[0]
        scaled = weight[0] / scale[0] * levels
        for row in range(2):
            ends = [
                (v,) if abs(v) > levels - 1e-3 else (np.floor(v), np.floor(v) + 1)
                for v in scaled[row]
            ]
            every = np.array([list(ends_of) for ends_of in product(*ends)], np.float32)
            errors = layer_errors(
                np.round(every[None]) / levels * scale[0, row], _repeated(known, row, len(every))
            )
            assert errors.min() - 1e-4 <= found[row] <= min(nearest[row], 1.3 * errors.min()) + 1e-4


def _repeated(known: LayerInputs, row: int, count: int) -> LayerInputs:
    return LayerInputs(
        gram=known.gram,
        cross=np.repeat(known.cross[:, row : row + 1], count, axis=1),
        energy=np.repeat(known.energy[:, row : row + 1], count, axis=1),
    )


def test_a_scale_is_smaller_than_the_largest_weight_where_that_costs_least() -> None:
    weight, inputs, _ = layer(1, 4, 40)
    weight[0, 0, 3] = 9.0  # one far beyond the others, of an input that is hardly ever used
    inputs[0, 3] *= 1e-3
    known = LayerInputs.of(inputs, weight @ inputs, centred=False)
    scale = best_scales(weight, known, 7, by_channel=True)
    assert scale[0, 0, 0] < 5
    assert (scale <= largest(weight) * (1 + 1e-6)).all()
    together = best_scales(weight, known, 7, by_channel=False)
    assert np.ptp(together) == 0
    for scales in (scale, together):
        rounded = round_to_nearest(weight, scales, 7) / 7 * scales
        whole = np.broadcast_to(largest(weight), scales.shape)
        if scales is together:
            whole = np.full_like(scales, np.abs(weight).max())
        plain = round_to_nearest(weight, whole, 7) / 7 * whole
        assert layer_errors(rounded, known).sum() <= layer_errors(plain, known).sum()
    assert (
        best_scales(np.zeros((1, 2, 3), np.float32), known_of_zeros(), 7, by_channel=True) > 0
    ).all()


def known_of_zeros() -> LayerInputs:
    return LayerInputs.of(np.zeros((1, 3, 4)), np.zeros((1, 2, 4)), centred=False)
