"""Channels whose ranges are made alike, without another function; by arrays alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeslim.paddle_io.quantized_program import quantizable_operators
from edgeslim.training.quantization.equalization import (
    Reader,
    ScalableActivation,
    equalize,
    find_scalable,
)
from tests.paddle_io.programs import Op, program

CONVOLUTION = {"strides": (1, 1), "paddings": (0, 0), "dilations": (1, 1), "groups": 1}
SHAPE = (1, 4, 8, 8)


def computed(tensors: dict[str, Any], given: Any, groups: int) -> tuple[Any, Any]:
    """A norm, a ReLU and a 1x1 convolution in groups: the activation, and the result."""
    activation = np.maximum(given * tensors["scale"] + tensors["bias"], 0)
    split = activation.reshape(len(given), groups, -1)
    by_group = tensors["w"].reshape(groups, -1, tensors["w"].shape[1])
    return activation, np.einsum("ngi,goi->ngo", split, by_group).reshape(len(given), -1)


@pytest.mark.parametrize(("groups", "share"), [(1, 0.5), (1, 1.0), (2, 0.5), (8, 0.5)])
def test_the_function_stays_and_ranges_become_alike(groups: int, share: float) -> None:
    generator = np.random.default_rng(groups)
    spread = 10.0 ** generator.uniform(-2, 1, 8)
    tensors = {
        "scale": generator.normal(1, 0.2, 8) * spread,
        "bias": generator.normal(0.5, 0.2, 8) * spread,
        "w": generator.normal(size=(16, 8 // groups, 1, 1)),
    }
    given = generator.normal(size=(64, 8))
    before, result = computed(tensors, given, groups)
    one = ScalableActivation(
        name="a", divided=("scale", "bias"), readers=(Reader(weight="w", groups=groups),)
    )
    ranges = before.max(axis=0)
    changed = equalize([one], tensors, {"a": ranges}, share=share, by_channel=True)
    assert sorted(changed) == ["bias", "scale", "w"]
    after, again = computed(changed, given, groups)
    np.testing.assert_allclose(again, result, rtol=2e-4, atol=1e-5 * np.abs(result).max())

    def unevenness(values: Any) -> float:
        return float(values.max() / values.min())

    assert unevenness(after.max(axis=0)) < unevenness(ranges)
    if share == 1 or groups == 8:
        # A weight of one channel has a scale of its own, so it may take the whole spread.
        assert unevenness(after.max(axis=0)) == pytest.approx(1, abs=1e-4)
    assert after.max() == pytest.approx(before.max(), rel=1e-4)


def test_channels_that_are_never_used_stay() -> None:
    tensors = {"scale": np.ones(3), "bias": np.zeros(3), "w": np.ones((2, 3, 1, 1))}
    one = ScalableActivation(
        name="a", divided=("scale", "bias"), readers=(Reader(weight="w", groups=1),)
    )
    ranges = np.array([0.0, 4.0, 0.0])
    changed = equalize([one], tensors, {"a": ranges}, share=0.5, by_channel=True)
    np.testing.assert_array_equal(changed["scale"][[0, 2]], [1, 1])
    assert all(np.isfinite(value).all() for value in changed.values())


def network(
    activation: str = "relu", axis: int = 1, more: tuple[Op, ...] = (), bias: Any = (4,)
) -> Any:
    """A convolution with a norm, one with a bias, and one that reads the second."""
    ops = [
        Op("feed", {"X": "feed"}, {"Out": "x"}, {"col": 0}),
        Op("conv2d", {"Input": "x", "Filter": "w1"}, {"Output": "a"}, CONVOLUTION),
        Op(
            "batch_norm",
            {"X": "a", "Scale": "scale", "Bias": "shift", "Mean": "mean", "Variance": "variance"},
            {"Y": "b"},
            {},
        ),
        Op(activation, {"X": "b"}, {"Out": "c"}),
        Op("conv2d", {"Input": "c", "Filter": "w2"}, {"Output": "d"}, CONVOLUTION),
        Op("elementwise_add", {"X": "d", "Y": "bias"}, {"Out": "e"}, {"axis": axis}),
        Op("relu", {"X": "e"}, {"Out": "f"}),
        Op("conv2d", {"Input": "f", "Filter": "w3"}, {"Output": "g"}, CONVOLUTION),
        *more,
        Op("fetch", {"X": "g"}, {"Out": "fetch"}, {"col": 0}),
    ]
    vectors = {**dict.fromkeys(("scale", "shift", "mean", "variance"), (4,)), "bias": bias}
    weights = dict.fromkeys(("w1", "w2", "w3"), (4, 4, 1, 1))
    names = "xabcdefghi"
    return program(ops, dict.fromkeys(names, SHAPE), {**vectors, **weights})


def scalable(made: Any) -> dict[str, tuple[str, ...]]:
    found = find_scalable(made, quantizable_operators(made))
    return {one.name: one.divided for one in found}


def test_scalable_is_what_a_norm_or_a_bias_makes_and_convolutions_alone_read() -> None:
    assert scalable(network()) == {"c": ("scale", "shift"), "f": ("w2", "bias")}
    assert scalable(network("hard_swish")) == {"f": ("w2", "bias")}
    assert scalable(network("relu6")) == {"f": ("w2", "bias")}
    assert scalable(network(axis=-1)) == {"c": ("scale", "shift")}
    assert scalable(network(bias=(1,))) == {"c": ("scale", "shift")}, "no channels to divide"
    assert scalable(network(bias=(4, 1, 1))) == scalable(network())
    beside = (Op("sigmoid", {"X": "c"}, {"Out": "h"}),)
    assert scalable(network(more=beside)) == {"f": ("w2", "bias")}
    between = (Op("sigmoid", {"X": "e"}, {"Out": "h"}),)
    assert scalable(network(more=between)) == {"c": ("scale", "shift")}
    shared = (Op("conv2d", {"Input": "c", "Filter": "w2"}, {"Output": "h"}, CONVOLUTION),)
    assert scalable(network(more=shared)) == {}
