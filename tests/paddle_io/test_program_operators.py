"""What laws see of programs that `opt` has written."""

from __future__ import annotations

import pytest

from edgeslim.execution import Target
from edgeslim.paddle_io.program_operators import operators_of
from edgeslim.targets import Place
from tests.paddle_io.programs import Op, program


@pytest.mark.parametrize(
    ("activation", "maker", "met"),
    [
        ({}, "conv2d", ["large-tangents"]),
        ({"with_act": False, "act_type": "relu6"}, "conv2d", ["large-tangents"]),
        ({"with_act": True, "act_type": "relu"}, "relu", ["large-tangents"]),
        ({"with_act": True, "act_type": "relu6"}, "relu6", []),
    ],
)
def test_an_activation_that_a_convolution_took_in_is_what_makes_its_result(
    activation: dict[str, object], maker: str, met: list[str]
) -> None:
    made = program(
        [
            Op("conv2d", {"Input": "x", "Filter": "w"}, {"Output": "a"}, activation),
            Op("tanh", {"X": "a"}, {"Out": "b"}),
        ],
        {"x": (1, 3, 8, 8), "a": (1, 4, 8, 8), "b": (1, 4, 8, 8)},
        {"w": (4, 3, 1, 1)},
    )
    _, tangent = operators_of(made)
    assert tangent.makers == {"X": (maker,)}
    found = Place.of(Target.ARM).violations([tangent])
    assert [violation.law.name for violation in found] == met
