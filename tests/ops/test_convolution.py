"""Convolutions in one form for one meaning."""

from __future__ import annotations

from typing import Any

import pytest

from edgeslim.ops import known_kinds, macs, paddleslim1_flops
from edgeslim.opspec import Attributes, OpSpec, Shapes
from tests.values import convolution, relu

KIND = known_kinds()["conv2d"]


def normal(extents: tuple[int, int] = (9, 9), kernel: int = 3, **attributes: Any) -> dict[str, Any]:
    """The normal form of what a description says, beside what it leaves out."""
    return dict(
        KIND.normal_form(
            Attributes({**KIND.attributes, **attributes}),
            Shapes(Input=((1, 4, *extents),)),
            Shapes(Filter=((8, 4, kernel, kernel),)),
        )
    )


@pytest.mark.parametrize(
    ("given", "explicit"),
    [
        ({"paddings": (1, 2)}, (1, 1, 2, 2)),
        ({"paddings": (0, 1, 2, 3)}, (0, 1, 2, 3)),
        ({"paddings": (5, 5), "padding_algorithm": "VALID"}, (0, 0, 0, 0)),
        ({"paddings": (5, 5), "padding_algorithm": "SAME"}, (1, 1, 1, 1)),
        ({"strides": (2, 2), "padding_algorithm": "SAME"}, (1, 1, 1, 1)),
        ({"strides": (2, 2), "padding_algorithm": "SAME", "extents": (8, 8)}, (0, 1, 0, 1)),
        ({"strides": (2, 1), "padding_algorithm": "SAME", "extents": (8, 9)}, (0, 1, 1, 1)),
        ({"strides": (4, 4), "kernel": 1, "padding_algorithm": "SAME"}, (0, 0, 0, 0)),
    ],
)
def test_paddings_are_explicit_on_four_sides(
    given: dict[str, Any], explicit: tuple[int, ...]
) -> None:
    assert normal(**given)["paddings"] == explicit


def test_same_padding_forgets_dilations_as_the_runtime_does() -> None:
    found = normal(dilations=(2, 2), padding_algorithm="SAME")
    assert (found["dilations"], found["paddings"]) == ((1, 1), (1, 1, 1, 1))
    assert normal(dilations=(2, 2))["dilations"] == (2, 2)


def test_an_activation_brings_only_its_own_parameters() -> None:
    bare = {"strides", "dilations", "groups", "paddings"}
    assert set(normal(leaky_relu_alpha=0.5)) == bare
    assert set(normal(act_type="relu")) == bare
    found = normal(with_act=True, act_type="leaky_relu", leaky_relu_alpha=0.5)
    assert set(found) == bare | {"with_act", "act_type", "leaky_relu_alpha"}
    assert normal(fuse_relu=True) == normal(with_act=True, act_type="relu")
    assert normal(with_act=True, act_type="relu6")["fuse_brelu_threshold"] == 6.0


def test_costs_are_those_of_the_formulas() -> None:
    dense = convolution(16, 32, extent=10)
    assert macs([dense]) == 10 * 10 * 32 * 16 * 9
    assert paddleslim1_flops([dense]) == 2 * 10 * 10 * 32 * (16 * 9 + 1)
    shape = ((1, 32, 10, 10),)
    depthwise = OpSpec(
        kind="depthwise_conv2d",
        inputs=Shapes(Input=shape),
        weights=Shapes(Filter=((32, 1, 3, 3),)),
        outputs=Shapes(Output=shape),
        attributes=Attributes(groups=32),
    )
    assert macs([depthwise]) == 10 * 10 * 32 * 9
    assert paddleslim1_flops([depthwise]) == 0
    assert paddleslim1_flops([depthwise], python=3) == round(2 * 10 * 10 * 32 * 9 / 32)


def test_what_is_unknown_and_what_only_moves_costs_nothing() -> None:
    unknown = OpSpec(kind="unheard_of", inputs=Shapes(), outputs=Shapes())
    assert macs([unknown, relu(8)]) == 0
    assert paddleslim1_flops([unknown, relu(8)]) == 8 * 4 * 4
