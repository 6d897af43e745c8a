"""Parts of networks on the runtime of this machine: whole, and each operator alone."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from edgeslim.conversion.operator_jobs import operator_jobs
from edgeslim.conversion.optimized import unfused_graph
from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.device import Location
from edgeslim.execution import Target
from edgeslim.fusion import fuse
from edgeslim.lite.converter import Conversion, convert
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job
from edgeslim.runner.runners import PythonRunner
from edgeslim.transports import TRANSPORTS
from tests.conftest import QUICK
from tests.fusion.nets import ACTIVATIONS, INPUT_SHAPE, PARTS, activated
from tests.tools import require_module, run_python

pytestmark = pytest.mark.slow

RUN = """
import sys
import numpy as np
import paddlelite.lite as lite

images = np.load(sys.argv[1])
for path in sys.argv[2:]:
    config = lite.MobileConfig()
    config.set_model_from_file(path)
    predictor = lite.create_paddle_predictor(config)
    tensor = predictor.get_input(0)
    tensor.resize(images.shape)
    tensor.set_float_data(images.flatten().tolist())
    predictor.run()
    count = len(predictor.get_output_names())
    np.savez(path + ".npz", *(predictor.get_output(index).numpy() for index in range(count)))
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PreparedModel]:
    """All parts, prepared."""
    require_module("paddlelite")
    load_paddle().seed(0)
    folder = tmp_path_factory.mktemp("parts")
    layers = {name: make() for name, make in PARTS.items()}
    layers |= {f"behind: {name}": activated(make) for name, make in ACTIVATIONS.items()}
    return {
        name: prepare_layer(layer, INPUT_SHAPE, folder / str(number), name=str(number))
        for number, (name, layer) in enumerate(layers.items())
    }


def test_every_operator_of_them_runs_alone(
    models: dict[str, PreparedModel], tmp_path: Path
) -> None:
    graphs = [fuse(unfused_graph(model), Target.X86) for model in models.values()]
    specs = list(dict.fromkeys(spec for graph in graphs for spec in graph.specs))
    jobs = operator_jobs(specs, Target.X86, tmp_path, states=(QUICK,))
    failed = {str(job) for job in jobs if not isinstance(job, Job)}
    assert not failed
    runner = PythonRunner(
        transport=TRANSPORTS.get("local")(Location()), python=sys.executable, threads=1
    )
    outcomes = run_batch(runner, [job for job in jobs if isinstance(job, Job)])
    failed = {
        f"{spec}: {each.error}" for spec, each in zip(specs, outcomes, strict=True) if each.error
    }
    assert not failed


def test_they_compute_what_they_compute_in_paddle(
    models: dict[str, PreparedModel], tmp_path: Path
) -> None:
    converted = convert(
        [
            Conversion(
                model=model.program,
                parameters=model.parameters,
                target=Target.X86,
                output=tmp_path / f"part{model.name}",
            )
            for model in models.values()
        ]
    )
    assert [each.error for each in converted] == [None] * len(models)
    images = np.random.default_rng(0).standard_normal(INPUT_SHAPE).astype(np.float32)
    np.save(tmp_path / "images.npy", images)
    files = [each.conversion.result for each in converted]
    run_python(RUN, tmp_path / "images.npy", *files)
    for (name, model), file in zip(models.items(), files, strict=True):
        expected = run_in_paddle(model.prefix, {next(iter(model.graph.feeds)): images})
        with np.load(f"{file}.npz") as found:
            assert len(found.files) == len(expected)
            for index, wanted in enumerate(expected):
                given = found[f"arr_{index}"].reshape(wanted.shape)
                np.testing.assert_allclose(given, wanted, rtol=1e-4, atol=1e-4, err_msg=name)
