from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import paddle
import pytest
from paddle import nn

from edgeslim.errors import ModelError
from edgeslim.training.evaluation import evaluate
from edgeslim.training.tasks import LabelledImages, TaskData
from edgeslim.training.tasks._classification import TopOne, cross_entropy
from edgeslim.training.trainer import TrainingSettings, train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

pytestmark = pytest.mark.slow

COUNT = 300
IMAGES = LabelledImages(
    images=np.random.default_rng(0).normal(size=(COUNT, 1, 4, 4)).astype(np.float32),
    labels=np.arange(COUNT) % 3,
)
DATA = TaskData(train=IMAGES, validation=IMAGES)


class _Heads(nn.Layer):
    """Two outputs for each image, of different shapes."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(16, 3)
        self.two = nn.Conv2D(1, 2, 3)

    def forward(self, images: paddle.Tensor) -> list[paddle.Tensor]:
        return [self.one(images.flatten(1)), self.two(images)]


class _Counting:
    """A metric of a user: how large the batches were."""

    def __init__(self) -> None:
        self.seen: list[tuple[tuple[int, ...], ...]] = []

    def update(self, outputs: Sequence[NDArray[np.float32]], targets: Any) -> None:
        assert all(isinstance(each, np.ndarray) for each in (*outputs, *targets))
        self.seen.append(tuple(each.shape for each in (*outputs, *targets)))

    def value(self) -> float:
        return 0.25


def test_several_outputs_go_to_the_metric_and_all_examples_are_counted() -> None:
    counted: list[_Counting] = []
    shares: list[float] = []

    def metric() -> _Counting:
        counted.append(_Counting())
        return counted[-1]

    assert evaluate(_Heads(), IMAGES, metric, on_share=shares.append) == 0.25
    (only,) = counted
    assert only.seen == [
        ((256, 3), (256, 2, 2, 2), (256,)),
        ((44, 3), (44, 2, 2, 2), (44,)),
    ]
    assert sum(shares) == pytest.approx(1)


def test_several_outputs_go_to_the_loss() -> None:
    def loss(outputs: Any, targets: Any) -> paddle.Tensor:
        return cross_entropy(outputs, targets) + outputs[1].abs().mean()

    net = _Heads()
    data = TaskData(train=IMAGES, validation=IMAGES, loss=loss)
    before = net.two.weight.abs().sum()
    train(net, data, TrainingSettings(epochs=2, batch_size=32, learning_rate=0.05, seed=0))
    assert net.two.weight.abs().sum() < before


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.1, 1.5])
def test_a_metric_that_is_none(value: float) -> None:
    class Broken(_Counting):
        def value(self) -> float:
            return value

    with pytest.raises(ModelError, match=f"the task's metric is {value}; it must be from 0 to 1"):
        evaluate(_Heads(), IMAGES, Broken)


class _Giving(nn.Layer):
    def __init__(self, what: Any) -> None:
        super().__init__()
        self.what = what

    def forward(self, images: paddle.Tensor) -> Any:
        return self.what(images)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (
            lambda images: images,
            r"first output is \(256, 1, 4, 4\) for 256 images; to classify, it",
        ),
        (lambda images: images.flatten(), r"first output is \(4096,\) for 256 images"),
        (lambda images: images.flatten(1)[:, :2], "has 2 classes, but the task has class 2"),
        (lambda images: {"scores": images}, "gives dict; it must give one tensor or several"),
        (lambda images: [], "gives nothing; it must"),
        (
            lambda images: paddle.matmul(images, paddle.ones([5, 1])),
            r"not run with images \[256, 1",
        ),
        (lambda images: 1 / 0, "does not run with images .*: division by zero"),
    ],
)
def test_networks_that_do_not_fit_the_task(what: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        evaluate(_Giving(what), IMAGES, TopOne)
    assert "\n" not in str(caught.value)


def test_large_images_are_judged_few_at_a_time() -> None:
    class Large:
        def __len__(self) -> int:
            return 5

        def batch(self, places: NDArray[np.int64], rng: Any) -> Any:
            return np.zeros((len(places), 1, 1024, 2048), np.float32), (places,)

    class Numbers(_Counting):
        def value(self) -> float:
            assert [shapes[-1] for shapes in self.seen] == [(2,), (2,), (1,)]
            return 1.0

    assert evaluate(_Giving(lambda images: images.mean()), Large(), Numbers) == 1


def test_behind_a_softmax_the_loss_and_its_gradients_are_the_same() -> None:
    rng = np.random.default_rng(0)
    labels = paddle.to_tensor(rng.integers(0, 5, 8))
    losses, gradients = [], []
    for behind in (False, True):
        scores = paddle.to_tensor(rng.normal(size=(8, 5)) * 0 + np.arange(5.0), dtype="float32")
        scores.stop_gradient = False
        outputs = nn.functional.softmax(scores) if behind else scores
        loss = cross_entropy([outputs], [labels])
        loss.backward()
        losses.append(float(loss))
        gradients.append(scores.grad.numpy())
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    np.testing.assert_allclose(gradients[0], gradients[1], atol=1e-6)


def test_a_softmax_that_is_sure_of_the_wrong_class_gives_a_number() -> None:
    loss = cross_entropy([paddle.to_tensor([[1.0, 0.0]])], [paddle.to_tensor([1])])
    assert 20 < float(loss) < 30


def test_accuracy() -> None:
    accuracy = TopOne()
    accuracy.update([np.asarray([[1, 0], [0, 1]], np.float32)], (np.asarray([0, 0]),))
    accuracy.update([np.asarray([[0, 1]], np.float32)], (np.asarray([1]),))
    assert accuracy.value() == pytest.approx(2 / 3)
