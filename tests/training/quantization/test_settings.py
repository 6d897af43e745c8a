"""Settings of a quantization that cannot be meant are named."""

from __future__ import annotations

from typing import Any

import pytest

from edgeslim.errors import UsageError
from edgeslim.training.quantization.settings import QuantizationSettings


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"weight_bits": 1}, "weight_bits must be from 2 to 16, not 1"),
        ({"activation_bits": 17}, "activation_bits must be from 2 to 16, not 17"),
        ({"weight_type": "mean"}, "weight_type must be one of abs_max, channel_.*, not 'mean'"),
        ({"activation_type": "kl"}, "activation_type must be one of abs_max, .*, not 'kl'"),
        ({"moving_rate": 1.0}, "moving_rate must be from 0 to below 1, not 1.0"),
        ({"window": 0}, "window must be at least 1, not 0"),
        ({"skip": ("fine", "(")}, r"skip '\(' is no regular expression"),
    ],
)
def test_what_cannot_be_meant(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        QuantizationSettings(**given).check()


@pytest.mark.parametrize(
    ("weights", "activations", "runs"), [(8, 8, True), (7, 8, True), (9, 8, False), (8, 7, False)]
)
def test_which_bits_int8_kernels_have(weights: int, activations: int, runs: bool) -> None:
    settings = QuantizationSettings(weight_bits=weights, activation_bits=activations).check()
    assert (settings.int8_problem == "") is runs
    if not runs:
        assert f"activation_bits {activations} and weight_bits {weights}" in settings.int8_problem
