"""Models that read integers and truth values, on this machine's runtime."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.conversion.model_source import LayerModel
from edgeslim.conversion.operator_jobs import model_job
from edgeslim.conversion.optimized import OptimizedFile, fused_graph, optimize
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.deployment.ground_truth import paddle_truth
from edgeslim.deployment.outputs import outputs_on_device
from edgeslim.errors import ModelError
from edgeslim.execution import Target
from edgeslim.measuring.device_session import DeviceSession, open_device
from edgeslim.opspec import Shape, TypedShape
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.runner.batch import run_batch
from edgeslim.runner.protocol import Sampling
from edgeslim.runner.runners import NativeRunner
from tests.deployment.proofs import proved_on

pytestmark = pytest.mark.slow

QUICK = Sampling(maximum_samples=10, maximum_s=0.1)


def built(name: str) -> Any:
    """A network of that name."""
    paddle = load_paddle()
    paddle.seed(3)
    nn: Any = paddle.nn

    class Words(nn.Layer):
        """Words and a mask, as of a language model."""

        def __init__(self) -> None:
            super().__init__()
            self.rows = nn.Embedding(10, 8)
            self.last = nn.Linear(8, 3)

        def forward(self, words: Any, mask: Any) -> Any:
            weights = mask.astype("float32").unsqueeze(-1)
            return self.last((self.rows(words) * weights).sum(axis=1))

    class Pixels(nn.Layer):
        """Pixels as they are in a picture."""

        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2D(3, 4, 3)

        def forward(self, image: Any) -> Any:
            return self.first(image.astype("float32") * (1 / 255.0))

    class Chosen(nn.Layer):
        """One of two, and outputs of several types."""

        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Linear(6, 5)

        def forward(self, x: Any, choice: Any) -> Any:
            y = paddle.where(choice, self.last(x), -self.last(x))
            return y, y.argmax(axis=-1), (y * 10).astype("int32"), y > 0

    return {"words": Words, "pixels": Pixels, "chosen": Chosen}[name]()


MODELS: dict[str, dict[str, Shape]] = {
    "words": {"words": TypedShape((2, 7), "int64"), "mask": TypedShape((2, 7), "bool")},
    "words of 32 bits": {"words": TypedShape((2, 7), "int32"), "mask": TypedShape((2, 7), "int64")},
    "pixels": {"image": TypedShape((1, 3, 8, 8), "uint8")},
    "chosen": {"x": (3, 6), "choice": TypedShape((3, 5), "bool")},
}

ConversionResult = Mapping[str, tuple[PreparedModel, OptimizedFile]]


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> ConversionResult:
    folder = tmp_path_factory.mktemp("typed")
    found = {}
    for number, (name, shapes) in enumerate(MODELS.items()):
        source = LayerModel(name=name, build=partial(built, name.split()[0]))
        model = prepare(source, folder / str(number), input_shapes=shapes)
        found[name] = model, optimize(model, Target.X86, folder / f"model{number}")
    return found


@pytest.fixture(scope="module")
def session() -> Iterator[DeviceSession]:
    with open_device("host") as opened:
        yield opened


@pytest.mark.parametrize("name", MODELS)
def test_outputs_are_paddle_s(
    converted: ConversionResult, session: DeviceSession, tmp_path: Path, name: str
) -> None:
    model, file = converted[name]
    truth = paddle_truth(model)
    for arrays in truth.inputs:
        assert {key: (a.shape, a.dtype.name) for key, a in arrays.items()} == {
            key: (tuple(shape), getattr(shape, "dtype", "float32"))
            for key, shape in MODELS[name].items()
        }
    assert proved_on(session, model, file, tmp_path, truth).max_rel < 1e-6


@pytest.mark.parametrize("name", MODELS)
def test_the_native_runner_gives_the_same(
    converted: ConversionResult,
    session: DeviceSession,
    native_runner: NativeRunner,
    tmp_path: Path,
    name: str,
) -> None:
    model, file = converted[name]
    inputs = [list(arrays.values()) for arrays in paddle_truth(model).inputs]
    count = len(model.graph.fetches)
    python, native = (
        outputs_on_device(opened, file, inputs, count, tmp_path)
        for opened in (session, replace(session, runner=native_runner))
    )
    for mine, its in zip(python, native, strict=True):
        for one, other in zip(mine, its, strict=True):
            assert (one.dtype, one.shape) == (other.dtype, other.shape)
            np.testing.assert_array_equal(one, other)


def test_outputs_have_their_types(
    converted: ConversionResult, session: DeviceSession, tmp_path: Path
) -> None:
    model, file = converted["chosen"]
    inputs = [list(arrays.values()) for arrays in paddle_truth(model).inputs]
    (found, _) = outputs_on_device(session, file, inputs, 4, tmp_path)
    assert [array.dtype.name for array in found] == ["float32", "int64", "int32", "bool"]


@pytest.mark.parametrize("name", MODELS)
def test_noise_to_time_with_is_of_the_same_types(
    converted: ConversionResult, session: DeviceSession, name: str
) -> None:
    model, file = converted[name]
    graph = fused_graph(model, Target.X86)
    assert (graph.feed_types, graph.feed_bounds) == (
        model.graph.feed_types,
        model.graph.feed_bounds,
    )
    job = model_job("net", file, graph, (QUICK,))
    assert [described_input.dtype for described_input in job.entry.inputs] == [
        getattr(shape, "dtype", "float32") for shape in MODELS[name].values()
    ]
    (outcome,) = run_batch(session.runner, [job])
    assert outcome.error is None
    assert len(outcome.measurements) == 1


def test_rows_are_chosen_that_are_there(converted: ConversionResult) -> None:
    model, _ = converted["words"]
    assert model.graph.feed_bounds == {"words": 10}
    values = np.concatenate([arrays["words"].ravel() for arrays in paddle_truth(model, 8).inputs])
    assert set(values.tolist()) == set(range(10))


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_types_that_nobody_computes_with_are_refused_by_name(dtype: str, tmp_path: Path) -> None:
    source = LayerModel(name="pixels", build=lambda: built("pixels"))
    model = prepare(source, tmp_path, input_shapes={"image": TypedShape((1, 3, 8, 8), dtype)})
    message = (
        rf"^pixels: input 'image' is {dtype}, which Paddle-Lite does not compute with; export the "
        "model with float32 for it$"
    )
    with pytest.raises(ModelError, match=message):
        paddle_truth(model)
