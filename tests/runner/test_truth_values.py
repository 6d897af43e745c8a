"""Outputs of truth values, of which paddlelite's own array has the first one everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.companion import lite_python
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.device import Location
from edgeslim.execution import Target
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Entry, Input
from edgeslim.runner.runners import PythonRunner
from edgeslim.transports import TRANSPORTS
from tests.tools import require_module

pytestmark = pytest.mark.slow


def test_each_truth_value_is_its_own(tmp_path: Path) -> None:
    require_module("paddlelite")
    import paddle

    class Above(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.limit = self.create_parameter([4], is_bias=True)

        def forward(self, x: Any) -> Any:
            return x > self.limit

    prepared = prepare_layer(Above(), (2, 4), tmp_path / "model", name="above")
    file = optimize(prepared, Target.X86, tmp_path / "above")
    values = np.array([[1, -1, -1, 2], [-3, 4, 5, -6]], np.float32)
    np.save(tmp_path / "input.npy", values)
    entry = Entry(
        id="above",
        model=file.path.name,
        library_version=file.facts.library_version,
        kernel_targets=tuple(sorted(file.facts.targets)),
        inputs=(Input(shape=values.shape, file="input.npy"),),
        states=(),
        keep_outputs=("output.npy",),
    )
    job = Job(
        entry=entry,
        files={file.path.name: file.path, "input.npy": tmp_path / "input.npy"},
        outputs={"output.npy": tmp_path / "output.npy"},
    )
    local = TRANSPORTS.get("local")(Location())
    (outcome,) = run_batch(
        PythonRunner(transport=local, python=str(lite_python()), threads=1), [job]
    )
    assert outcome.error is None
    found = np.load(tmp_path / "output.npy")
    assert found.dtype == bool
    np.testing.assert_array_equal(found, values > 0)
