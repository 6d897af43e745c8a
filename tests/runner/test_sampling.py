"""How often a model is timed while something disturbs the device."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.runner.program.models import Model, Tools
from edgeslim.runner.program.pace import Pace, Sweep
from edgeslim.runner.program.sampling import ATTEMPTS, measure_undisturbed

ONCE = {
    "swept_bytes": 0,
    "warmup": 0,
    "minimum_samples": 1,
    "maximum_samples": 1,
    "minimum_s": 0.0,
    "maximum_s": 1.0,
    "relative_error": 1.0,
}


class Counted:
    """A loaded model without inputs that counts its runs."""

    def __init__(self) -> None:
        self.runs = 0

    def run(self) -> None:
        self.runs += 1

    def get_version(self) -> str:
        return "v2.13-rc"


@pytest.mark.parametrize(("patience_s", "runs"), [(0.0, 1), (1e-9, ATTEMPTS)])
def test_without_patience_nothing_that_was_disturbed_is_measured_again(
    patience_s: float, runs: int
) -> None:
    model = Counted()
    tools = Tools(None, None, None, "", Sweep(np))
    tools.pace = Pace(lambda: None, 1, patience_s)  # it never takes as little as a nanosecond
    found = measure_undisturbed(ONCE, Model(model, []), tools)
    assert found["disturbed"] == "the device was slow"
    assert model.runs == runs
