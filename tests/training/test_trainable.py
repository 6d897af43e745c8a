"""Models of each kind as networks that are trained, kept, and saved again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from paddle import nn

from edgeslim.conversion.model_source import LayerModel, find_model
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.errors import ModelError, UsageError
from edgeslim.paddle_io.export import export_layer, run_in_paddle
from edgeslim.training.evaluation import evaluate
from edgeslim.training.tasks import find_task
from edgeslim.training.trainable import Trainable, find_trainable
from edgeslim.training.trainer import TrainingSettings, TrainingStep, build_seeded, train

pytestmark = pytest.mark.slow

SHAPE = (1, 1, 8, 8)
DATA = find_task("digits").data(SHAPE, 0)
SETTINGS = TrainingSettings(epochs=2, batch_size=200, learning_rate=0.05, seed=0)


def _net() -> nn.Layer:
    return nn.Sequential(
        nn.Conv2D(1, 8, 3, padding=1),
        nn.BatchNorm2D(8),
        nn.ReLU(),
        nn.Conv2D(8, 8, 3, groups=8, padding=1),
        nn.Flatten(),
        nn.Linear(512, 10),
        nn.Softmax(),  # as saved models often end
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    prepare_layer(build_seeded(_net, 0), SHAPE, folder, name="net")
    return folder


@pytest.fixture
def chosen(saved: Path, tmp_path: Path) -> Trainable:
    return find_trainable(find_model(str(saved)), tmp_path, seed=0)


def _outputs(folder: Path) -> np.ndarray[Any, Any]:
    images, _ = DATA.validation.batch(np.arange(1), None)
    (outputs,) = run_in_paddle(folder / "model", {_feed(folder): images})
    return outputs


def _feed(folder: Path) -> str:
    from edgeslim.paddle_io.program_graph import feed_shapes
    from edgeslim.paddle_io.proto import read_program

    return next(iter(feed_shapes(read_program(folder / "model.pdmodel"))))


def test_a_saved_model_learns_and_is_saved_as_it_is_then(chosen: Trainable, tmp_path: Path) -> None:
    assert chosen.input_shape == SHAPE
    before = evaluate(chosen.net, DATA.validation, DATA.metric)
    result = train(chosen.net, DATA, SETTINGS)
    assert before < 0.3
    assert result.metric > 0.8
    assert result.losses[1] < result.losses[0]
    (tmp_path / "out").mkdir()
    chosen.save(tmp_path / "out")
    images, _ = DATA.validation.batch(np.arange(1), None)
    (expected,) = chosen.net(paddle.to_tensor(images))
    np.testing.assert_allclose(_outputs(tmp_path / "out"), expected.numpy(), atol=1e-6)
    again = find_trainable(find_model(str(tmp_path / "out")), tmp_path / "again", seed=1)
    assert evaluate(again.net, DATA.validation, DATA.metric) == result.metric


def test_a_saved_model_goes_on_with_the_same_bits(saved: Path, tmp_path: Path) -> None:
    class EndedError(BaseException):
        pass

    def end(step: TrainingStep) -> None:
        if step.number == 9:
            raise EndedError

    def fresh(name: str) -> nn.Layer:
        return find_trainable(find_model(str(saved)), tmp_path / name, seed=0).net

    whole, net = fresh("whole"), fresh("rest")
    expected = train(whole, DATA, SETTINGS)
    with pytest.raises(EndedError):
        train(fresh("first"), DATA, SETTINGS, checkpoint=tmp_path / "state.npz", on_step=end)
    assert train(net, DATA, SETTINGS, checkpoint=tmp_path / "state.npz") == expected
    weights = [list(each.state_dict().values()) for each in (whole, net)]
    assert len(weights[0]) >= 8
    for one, other in zip(*weights, strict=True):
        assert np.array_equal(one.numpy(), other.numpy())


def test_a_network_learns_the_same_saved_or_not(saved: Path, tmp_path: Path) -> None:
    """The same weights, examples and steps; operators may add up in another order."""
    layers = build_seeded(_net, 0)
    program = find_trainable(find_model(str(saved)), tmp_path, seed=0).net
    results = [train(net, DATA, SETTINGS) for net in (layers, program)]
    np.testing.assert_allclose(results[0].losses, results[1].losses, rtol=1e-3)
    assert abs(results[0].metric - results[1].metric) < 0.02


def test_a_network_that_cannot_be_saved_is_refused_before_it_is_trained(tmp_path: Path) -> None:
    class Counting(nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(8, 2)

        def forward(self, images: Any) -> Any:
            return self.linear(images) if images.numpy().sum() > 0 else images

    source = LayerModel(name="counting", build=Counting)
    with pytest.raises(ModelError, match="control flow"):
        find_trainable(source, tmp_path, seed=0, input_shape=SHAPE)


def test_a_model_of_two_images_is_refused(tmp_path: Path) -> None:
    class Two(nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(8, 2)

        def forward(self, one: Any, other: Any) -> Any:
            return self.linear(one + other)

    export_layer(Two(), [SHAPE, SHAPE], tmp_path / "model")
    with pytest.raises(UsageError, match=r"has 2 inputs \(\w+, \w+\), but a task has one image"):
        find_trainable(find_model(str(tmp_path)), tmp_path / "scratch", seed=0)


def test_other_channels_than_a_named_network_reads(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="reads 3 channels, not 1; write --input-shape 2,3,32,64"):
        find_trainable(find_model("mobilenet-v1"), tmp_path, seed=0, input_shape=(2, 1, 32, 64))


def test_a_network_by_name_gets_the_classes_of_the_task(tmp_path: Path) -> None:
    source = find_model("mobilenet-v1", num_classes=10)
    net = find_trainable(source, tmp_path, seed=0, input_shape=(1, 3, 16, 16)).net
    assert net(paddle.zeros([2, 3, 16, 16])).shape == [2, 10]
