"""Parts of networks on the runtime of this machine: whole, and each operator alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeslim.companion import lite_python
from edgeslim.conversion.operator_jobs import operator_jobs
from edgeslim.conversion.optimized import unfused_graph
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.device import Location
from edgeslim.execution import Target
from edgeslim.fusion import fuse
from edgeslim.lite.converter import Conversion, convert
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job
from edgeslim.runner.runners import PythonRunner
from edgeslim.transports import TRANSPORTS
from tests.conftest import QUICK
from tests.fusion.nets import INPUT_SHAPE
from tests.lite.runtime import outputs_in_paddle_lite

pytestmark = pytest.mark.slow


def test_every_operator_of_them_runs_alone(parts: dict[str, PreparedModel], tmp_path: Path) -> None:
    graphs = [fuse(unfused_graph(model), Target.X86) for model in parts.values()]
    specs = list(dict.fromkeys(spec for graph in graphs for spec in graph.specs))
    jobs = operator_jobs(specs, Target.X86, tmp_path, states=(QUICK,))
    failed = {str(job) for job in jobs if not isinstance(job, Job)}
    assert not failed
    runner = PythonRunner(
        transport=TRANSPORTS.get("local")(Location()), python=str(lite_python()), threads=1
    )
    outcomes = run_batch(runner, [job for job in jobs if isinstance(job, Job)])
    failed = {
        f"{spec}: {outcome.error}"
        for spec, outcome in zip(specs, outcomes, strict=True)
        if outcome.error
    }
    assert not failed


def test_they_compute_what_they_compute_in_paddle(
    parts: dict[str, PreparedModel], tmp_path: Path
) -> None:
    converted = convert(
        [
            Conversion(
                model=model.program,
                parameters=model.parameters,
                target=Target.X86,
                output=tmp_path / f"part{model.name}",
            )
            for model in parts.values()
        ]
    )
    assert [result.error for result in converted] == [None] * len(parts)
    images = np.random.default_rng(0).standard_normal(INPUT_SHAPE).astype(np.float32)
    files = [result.conversion.result for result in converted]
    computed = outputs_in_paddle_lite(dict.fromkeys(files, images))
    for (name, model), found in zip(parts.items(), computed, strict=True):
        expected = run_in_paddle(model.prefix, {next(iter(model.graph.feeds)): images})
        for given, wanted in zip(found, expected, strict=True):
            shaped = given.reshape(wanted.shape)
            np.testing.assert_allclose(shaped, wanted, rtol=1e-4, atol=1e-4, err_msg=name)
