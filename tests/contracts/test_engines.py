"""What every engine on the shelf is and does: it converts, runs and is judged like any other.

Engines are optional. One that is not installed is skipped with the command that installs it; with
``CI=true`` those that come with the development tools have to be there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.conversion.model_inputs import make_noise
from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.operator_jobs import model_job
from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.deployment.ground_truth import paddle_truth
from edgeslim.deployment.judgement import difference_of, is_acceptable
from edgeslim.deployment.outputs import outputs_on_device
from edgeslim.engines import ENGINES, DeploymentEngine
from edgeslim.errors import EdgeslimError, ModelError, ProgramNotFoundError
from edgeslim.execution import Precision
from edgeslim.measuring.device_session import DeviceSession, open_device, with_threads
from edgeslim.measuring.drift import DriftWatch
from edgeslim.paddle_io.export import export_layer
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.runner.protocol import Sampling
from tests.tools import missing

pytestmark = pytest.mark.slow

ALWAYS_THERE = {"paddle-lite", "onnxruntime"}
"""Engines that come with ``pip install 'edgeslim[dev]'``."""


@pytest.fixture(scope="module")
def host() -> Iterator[DeviceSession]:
    """This machine."""
    with open_device("host") as session:
        yield session


@pytest.fixture(scope="module", params=ENGINES.names())
def engine(request: pytest.FixtureRequest) -> DeploymentEngine:
    """Each engine on the shelf."""
    return ENGINES.get(request.param)


@pytest.fixture(scope="module")
def session(engine: DeploymentEngine, host: DeviceSession) -> DeviceSession:
    """This machine with each engine that is installed."""
    try:
        return engine.attach(host)
    except ProgramNotFoundError as error:
        (missing if engine.name in ALWAYS_THERE else pytest.skip)(str(error))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PreparedModel:
    """Two inputs of one shape that are not interchangeable, and two outputs of one shape."""
    paddle: Any = load_paddle()
    paddle.seed(1)

    class Net(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.first = paddle.nn.Conv2D(3, 8, 3, padding=1)
            self.second = paddle.nn.Conv2D(3, 8, 3, padding=1)

        def forward(self, zebra: Any, ape: Any) -> Any:
            slope = paddle.nn.functional.leaky_relu
            left, right = slope(self.first(zebra), 0.3), self.second(ape)
            return left - 2 * right, left * right + right

    folder = tmp_path_factory.mktemp("net")
    shape = (1, 3, 12, 12)
    export_layer(Net(), [shape, shape], folder / "net", names=("zebra", "ape"))
    return prepare(SavedModel.at(folder / "net", name="net"), folder / "prepared")


def converted(
    engine: DeploymentEngine, model: PreparedModel, session: DeviceSession, *where: Any
) -> OptimizedFile:
    """The file of a model, in a folder and by the road of a number, if the converter is there."""
    folder, road = (*where, 0)[:2]
    try:
        return engine.convert(model, session.place(), folder, engine.roads[road])
    except ProgramNotFoundError as error:
        # paddle2onnx has no wheels for later ones.
        is_there = engine.name in ALWAYS_THERE and sys.version_info < (3, 13)
        (missing if is_there else pytest.skip)(str(error))


def test_it_is_called_as_its_folder(engine: DeploymentEngine) -> None:
    assert engine.name in ENGINES.names()
    assert engine.title
    assert engine.roads
    assert len({road.title for road in engine.roads}) == len(engine.roads)


def test_the_session_says_what_runs_there(session: DeviceSession, host: DeviceSession) -> None:
    assert session.engine
    assert session.library_version
    if session.runner is not host.runner:
        context = session.context()
        assert context.runner == session.engine
        assert context.difference(host.context()), "rows of two engines must not mix"


@pytest.mark.parametrize("road", range(3))
def test_outputs_are_those_of_paddle_by_each_road(
    *,
    engine: DeploymentEngine,
    session: DeviceSession,
    model: PreparedModel,
    road: int,
    tmp_path: Path,
) -> None:
    if road >= len(engine.roads):
        pytest.skip(f"{engine.name} has fewer roads")
    file = converted(engine, model, session, tmp_path, road)
    assert file.converter
    truth = paddle_truth(model, louder=True)
    inputs = [list(arrays.values()) for arrays in truth.inputs]
    found = outputs_on_device(session, file, inputs, len(model.graph.fetches), tmp_path)
    for expected, own in zip(truth.outputs, found, strict=True):
        difference = difference_of([expected], [own])
        assert is_acceptable(difference, Precision.FP32), difference
        assert difference.max_rel < 1e-5, "float32 is asked for"


def test_it_is_timed_beside_a_reference_with_the_threads_that_were_asked_for(
    *,
    engine: DeploymentEngine,
    session: DeviceSession,
    host: DeviceSession,
    model: PreparedModel,
    tmp_path: Path,
) -> None:
    threads = 2 if (os.cpu_count() or 1) > 1 else 1
    both = engine.attach(with_threads(host, threads))
    assert both.runner.threads == threads
    file = converted(engine, model, session, tmp_path)
    job = model_job("net", file, model.graph, (Sampling(minimum_samples=5, maximum_samples=9),))
    for place in (session, both):
        (outcome,) = DriftWatch(place, patience_s=0).run([job]).outcomes
        assert outcome.error is None
        assert min(outcome.measurements[0].samples_ns) > 0
        assert min(outcome.references_ms) > 0


def test_a_file_that_was_cut_off_is_an_error(
    engine: DeploymentEngine, session: DeviceSession, model: PreparedModel, tmp_path: Path
) -> None:
    file = converted(engine, model, session, tmp_path)
    for path in file.files.values():
        if path.suffix != ".json":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    inputs = list(make_noise(model.graph, np.random.default_rng(0)).values())
    with pytest.raises(EdgeslimError):
        outputs_on_device(session, file, [inputs], len(model.graph.fetches), tmp_path)


def test_other_precisions_are_refused_or_made(
    engine: DeploymentEngine, session: DeviceSession, model: PreparedModel, tmp_path: Path
) -> None:
    if engine.explains:
        made = engine.model_for(model, Precision.INT8_WEIGHTS, session, tmp_path)
        assert made.graph.feeds == model.graph.feeds
        return
    with pytest.raises(ModelError, match=f"{engine.title} in int8-weights"):
        engine.model_for(model, Precision.INT8_WEIGHTS, session, tmp_path)
