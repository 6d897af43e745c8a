from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import paddle
import pytest

from edgeslim.errors import UnknownNameError
from edgeslim.models import MODELS
from edgeslim.models._entry import ModelEntry
from edgeslim.paddle_io.export import export_layer
from tests.families.costs import cost_of
from tests.tools import run_python

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

CLASSIFIERS = ["light-nas", "mobilenet-v1", "mobilenet-v2", "resnet18", "resnet50"]
COSTS = {
    "light-nas": (257_576_416, 3_826_070),
    "mobilenet-v1": (568_740_352, 4_231_976),
    "mobilenet-v2": (313_619_328, 3_505_960),
    "resnet18": (1_814_073_344, 11_689_512),
    "resnet50": (4_089_184_256, 25_557_032),
    "ssd-mobilenet-v1": (1_148_479_168, 5_796_089),
    "yolov3-mobilenet-v1": (21_694_656_000, 24_248_097),
}
"""Multiply-accumulates and trainable parameters, with the input and classes of the original."""


@cache
def parameters_of(name: str) -> list[str]:
    return [parameter.name for parameter in MODELS.get(name).build(10).parameters()]


def test_shelf() -> None:
    assert MODELS.names() == sorted(COSTS)
    with pytest.raises(UnknownNameError, match="did you mean 'mobilenet-v1'"):
        MODELS.get("mobilenetv1")


@pytest.mark.parametrize("name", sorted(COSTS))
def test_costs(name: str) -> None:
    entry = MODELS.get(name)
    assert isinstance(entry, ModelEntry)
    assert cost_of(entry.for_classes(), entry.input_shape) == COSTS[name]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classes_and_names(name: str) -> None:
    net = MODELS.get(name).build(7)
    net.eval()
    assert net(paddle.zeros([2, 3, 64, 64])).shape == [2, 7]
    names = [parameter.name for parameter in net.parameters()]
    assert len(set(names)) == len(names)
    assert all(re.search("_(weights|scale|offset|mean|variance)$", each) for each in names)


@pytest.mark.parametrize(
    ("name", "expression", "count"),
    [
        ("mobilenet-v1", ".*_sep_weights", 13),
        ("mobilenet-v2", ".*[r|d]_weights", 34),
        ("resnet18", ".*branch2.*_weights", 16),
        ("resnet50", ".*branch.*_weights", 52),
    ],
)
def test_published_expressions_find_their_parameters(
    name: str, expression: str, count: int
) -> None:
    assert sum(bool(re.match(expression, each)) for each in parameters_of(name)) == count


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mobilenet-v1", {"conv1_weights", "conv2_1_dw_weights", "conv5_6_sep_bn_mean"}),
        ("mobilenet-v2", {"conv1_1_weights", "conv2_1_expand_weights", "conv8_1_dwise_weights"}),
        ("mobilenet-v2", {"conv5_4_linear_bn_variance", "conv9_weights", "fc10_offset"}),
        ("light-nas", {"conv3_1_fc_sqz_weights", "conv3_1_fc_exc_offset", "fc10_weights"}),
        ("resnet50", {"conv1_weights", "bn_conv1_scale", "res2a_branch1_weights"}),
        ("resnet50", {"res4f_branch2c_weights", "bn5c_branch2b_offset", "fc_weights"}),
    ],
)
def test_original_names(name: str, expected: set[str]) -> None:
    assert expected <= set(parameters_of(name))


@pytest.mark.parametrize("name", ["light-nas", "mobilenet-v1", "resnet18"])
def test_two_of_a_kind_in_one_process(name: str, tmp_path: Path) -> None:
    """Same names in both; each trains and is saved by itself."""
    images = paddle.randn([2, 3, 32, 32])
    nets = [MODELS.get(name).build(4) for _ in range(2)]
    for net in nets:
        optimizer = paddle.optimizer.Momentum(0.01, parameters=net.parameters())
        net(images).mean().backward()
        optimizer.step()
        net.eval()
    for number, net in enumerate(nets):
        export_layer(net, [(2, 3, 32, 32)], tmp_path / str(number))
    loaded = [paddle.jit.load(str(tmp_path / str(number))) for number in range(2)]
    answers = [net(images).numpy() for net in nets]
    assert np.abs(answers[0] - answers[1]).max() > 0
    for answer, again in zip(answers, loaded, strict=True):
        np.testing.assert_allclose(again(images).numpy(), answer, rtol=1e-4, atol=1e-5)
    for number in range(2):
        program = (tmp_path / f"{number}.pdmodel").read_bytes()
        assert all(parameter.name.encode() in program for parameter in nets[0].parameters())


def test_models_and_tasks_are_named_without_paddle() -> None:
    code = """
import sys, edgeslim.models, edgeslim.training.tasks
assert "resnet18" in edgeslim.models.MODELS.members()
assert "paddle" not in sys.modules
"""
    run_python(code)
