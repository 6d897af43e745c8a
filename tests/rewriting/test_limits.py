"""Attributes under which a law does not hold, and a form is therefore not offered."""

from __future__ import annotations

from typing import Any

import pytest

from edgeslim.rewriting.equivalences import EQUIVALENCES
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.network import Network


def forms(equivalence: str, network: Network) -> list[str]:
    """Names of the forms that are offered."""
    known = EQUIVALENCES.get(equivalence)
    ops = [op for op in network.ops if op.kind in known.kinds]
    return [form.name for op in ops for form in known.forms(network, op)]


@pytest.mark.parametrize(("scale", "is_offered"), [((2.0, 2.0), True), ((), True), ((2.2,), False)])
def test_places_by_another_scale_than_that_of_the_sizes_are_no_copies(
    scale: tuple[float, ...], is_offered: bool
) -> None:
    example = Example(0)
    x = example.feed((1, 2, 4, 4))
    resized = example.write(
        "nearest_interp_v2",
        {"X": x},
        (1, 2, 8, 8),
        out_h=8,
        out_w=8,
        out_d=-1,
        scale=scale,
        interp_method="nearest",
        align_corners=False,
        align_mode=0,
        data_layout="NCHW",
    )
    assert bool(forms("nearest_by_concatenation", example.end(resized))) == is_offered


@pytest.mark.parametrize(("threshold", "is_offered"), [(20.0, True), (0.0, False)])
def test_a_mish_that_ends_early_is_none(threshold: float, is_offered: bool) -> None:
    example = Example(0)
    x = example.apply("mish", example.feed((1, 2, 4, 4)), threshold=threshold)
    assert bool(forms("mish_by_sigmoid", example.end(x))) == is_offered


@pytest.mark.parametrize(
    ("strides", "algorithm", "is_offered"),
    [((1, 1), "SAME", True), ((2, 2), "SAME", False), ((2, 2), "EXPLICIT", True)],
)
def test_padding_that_follows_from_strides_is_not_merged_with_others(
    strides: tuple[int, int], algorithm: str, is_offered: bool
) -> None:
    example = Example(0)
    x = example.feed((1, 4, 8, 8))
    shared: dict[str, Any] = {"dilations": (1, 1), "groups": 1, "data_format": "NCHW"}
    x = example.write(
        "conv2d",
        {"Input": x, "Filter": example.weights((3, 4, 3, 3))},
        (1, 3, 8, 8),
        strides=(1, 1),
        paddings=(1, 1),
        padding_algorithm=algorithm,
        **shared,
    )
    x = example.write(
        "conv2d",
        {"Input": x, "Filter": example.weights((2, 3, 1, 1))},
        (1, 2, 8 // strides[0], 8 // strides[1]),
        strides=strides,
        paddings=(0, 0),
        padding_algorithm="EXPLICIT",
        **shared,
    )
    assert bool(forms("layers_in_a_row", example.end(x))) == is_offered
