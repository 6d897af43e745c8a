"""A saved program is trained as the network that it was saved from, to the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F  # noqa: N812 - the name that everybody uses
import pytest
from paddle import nn
from paddle.vision.models import mobilenet_v1, mobilenet_v2
from paddle.vision.models.resnet import BasicBlock

from edgeslim.conversion.prepare import prepare_layer
from edgeslim.training._depthwise import fast_depthwise
from edgeslim.training.program_net import ProgramNet, load_program_net
from tests.training.program_nets import BATCH_RULES, SHAPE

pytestmark = pytest.mark.slow

IMAGES = np.random.default_rng(0).normal(size=(8, 3, 32, 32)).astype(np.float32)
LABELS = np.arange(8) % 10


class WithDropout(nn.Layer):
    """Both ways of dropping, which need nothing at the end and a factor at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2D(3, 8, 3, stride=4), nn.BatchNorm2D(8, momentum=0.7, epsilon=1e-3), nn.ReLU()
        )
        self.head = nn.Linear(8, 10)

    def forward(self, images: Any) -> Any:
        rows = self.body(images).mean([2, 3])
        rows = F.dropout(rows, 0.3, training=self.training)
        rows = F.dropout(rows, 0.1, training=self.training, mode="downscale_in_infer")
        return self.head(rows)


def residual_blocks() -> nn.Layer:
    """The two kinds of blocks of a ResNet-18, few and narrow."""
    shortcut = nn.Sequential(nn.Conv2D(8, 16, 1, stride=2, bias_attr=False), nn.BatchNorm2D(16))
    return nn.Sequential(
        *(nn.Conv2D(3, 8, 7, stride=2, padding=3, bias_attr=False), nn.BatchNorm2D(8), nn.ReLU()),
        *(nn.MaxPool2D(3, stride=2, padding=1), BasicBlock(8, 8), BasicBlock(8, 16, 2, shortcut)),
        *(nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Linear(16, 10)),
    )


NETWORKS: dict[str, Callable[[], nn.Layer]] = {
    "mobilenet_v1": lambda: mobilenet_v1(scale=0.25, num_classes=10),
    "mobilenet_v2": lambda: mobilenet_v2(scale=0.25, num_classes=10),
    "residual": residual_blocks,
    "dropout": WithDropout,
}


def both(name: str, folder: Path) -> tuple[nn.Layer, ProgramNet]:
    """A network, and the same saved."""
    paddle.seed(0)
    net = NETWORKS[name]()
    prepared = prepare_layer(net, (1, *IMAGES.shape[1:]), folder, name=name)
    program = load_program_net(prepared.prefix)
    net.train()
    program.train()
    return net, program


def loss(net: nn.Layer) -> Any:
    paddle.seed(1)  # of what dropout drops
    with fast_depthwise(net):
        outputs = net(paddle.to_tensor(IMAGES))
    scores = outputs[0] if isinstance(outputs, list) else outputs
    return F.cross_entropy(scores, paddle.to_tensor(LABELS))


def assert_same(
    ours: dict[str, np.ndarray[Any, Any]], expected: dict[str, np.ndarray[Any, Any]]
) -> None:
    assert set(ours) == set(expected)
    for name, other in expected.items():
        scale = np.abs(other).max(initial=0)
        np.testing.assert_allclose(ours[name], other, rtol=1e-5, atol=1e-6 * scale, err_msg=name)


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_and_steps_are_those_of_the_layer(name: str, tmp_path: Path) -> None:
    net, program = both(name, tmp_path)
    first = program.tensors()
    optimizers = [
        paddle.optimizer.Momentum(0.05, parameters=each.parameters(), weight_decay=4e-5)
        for each in (net, program)
    ]
    for _ in range(2):
        losses = [loss(each) for each in (net, program)]
        assert float(losses[0]) == pytest.approx(float(losses[1]), rel=1e-6)
        for each in losses:
            each.backward()
        learned = {each.name: each for each in net.parameters() if not each.stop_gradient}
        assert {each.name for each in program.parameters()} == set(learned)
        assert_same(
            program.gradients(), {name: each.grad.numpy() for name, each in learned.items()}
        )
        for optimizer in optimizers:
            optimizer.step()
            optimizer.clear_grad()
        after = {each.name: each.numpy() for each in net.state_dict().values()}
        assert_same(program.tensors(), after)
    moved = [name for name, each in first.items() if not np.array_equal(each, after[name])]
    assert len(moved) == len(first)  # weights and statistics alike


def test_evaluation_moves_no_statistics_and_drops_nothing(tmp_path: Path) -> None:
    net, program = both("dropout", tmp_path)
    net.eval()
    program.eval()
    before = program.tensors()
    images = paddle.to_tensor(IMAGES)
    np.testing.assert_allclose(program(images)[0].numpy(), net(images).numpy(), rtol=1e-5)
    assert_same(program.tensors(), before)
    assert program.gradients() == {}


@pytest.mark.parametrize("name", BATCH_RULES)
def test_gradients_of_each_kind_of_operator(name: str, tmp_path: Path) -> None:
    paddle.seed(0)
    net = BATCH_RULES[name]()
    program = load_program_net(prepare_layer(net, SHAPE, tmp_path, name=name).prefix)
    net.train()
    program.train()
    image = paddle.randn(SHAPE)
    for each in (net, program):
        outputs = each(image)
        listed = outputs if isinstance(outputs, list) else [outputs]
        sum((output * output).sum() for output in listed).backward()
    expected = {each.name: each.grad.numpy() for each in net.parameters() if each.grad is not None}
    assert_same(program.gradients(), expected)


def test_depthwise_convolutions_take_the_faster_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proved by the products that are made; the outputs are proved above."""
    _, program = both("mobilenet_v1", tmp_path)
    made = []
    product = paddle.matmul

    def counted(*given: Any, **options: Any) -> Any:
        made.append(given[0].shape)
        return product(*given, **options)

    monkeypatch.setattr(paddle, "matmul", counted)
    program(paddle.to_tensor(IMAGES))
    maps = [step for step in program._steps if step.operator.kind == "depthwise_conv2d"]
    small = [step for step in maps if step.reads["Input"][0][2] <= 8]
    assert 0 < len(small) < len(maps)
    assert len(made) == 2 * len(small)
