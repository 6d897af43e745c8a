"""Paddle's functions of native code in programs of the old kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F  # noqa: N812 - the name that everybody uses
import pytest
from paddle import nn
from paddle.base.framework import Variable

# A name that is bound to the native function itself, as some of Paddle's own modules have.
from paddle.tensor.linalg import matmul as imported_matmul

from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.errors import ModelError
from edgeslim.execution import Target
from edgeslim.paddle_io.export import export_layer, run_in_paddle
from edgeslim.paddle_io.legacy_functions import _natives, legacy_functions
from edgeslim.paddle_io.program_graph import feed_shapes
from edgeslim.paddle_io.proto import read_program
from tests.paddle_io.function_cases import CASES, call

pytestmark = pytest.mark.slow

GENERATOR = np.random.default_rng(0)
X, Y = GENERATOR.uniform(0.1, 0.9, (2, 2, 3, 4)).astype(np.float32)


def run_old_program(name: str) -> Any:
    """The value and described shape that a program of the old kind gives."""
    program = paddle.static.Program()
    with paddle.static.program_guard(program, paddle.static.Program()), legacy_functions():
        x = paddle.static.data("x", X.shape, "float32")
        y = paddle.static.data("y", Y.shape, "float32")
        result = call(name)(x, y)
    executor = paddle.static.Executor(paddle.CPUPlace())
    (value,) = executor.run(program, feed={"x": X, "y": Y}, fetch_list=[result])
    return value, tuple(result.shape)


@pytest.mark.parametrize("name", sorted(_natives()))
def test_is_what_the_eager_function_is(name: str) -> None:
    expected = call(name)(paddle.to_tensor(X), paddle.to_tensor(Y)).numpy()
    paddle.enable_static()
    try:
        value, shape = run_old_program(name)
    finally:
        paddle.disable_static()
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)
    assert (value.dtype, shape) == (expected.dtype, expected.shape)


def test_there_are_cases_for_functions_only() -> None:
    assert set(CASES) <= set(_natives())


class EveryWay(nn.Layer):
    """The functions that image networks use, reached in all the ways there are."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2D(3, 8, 3, padding=1)
        self.linear = nn.Linear(8, 8)

    def forward(self, images: Any) -> Any:
        x = self.convolution(images)
        x = F.sigmoid(x) + nn.Tanh()(x) + x.tanh() + F.gelu(x) + F.softplus(x) + x.sigmoid()
        x = paddle.multiply(x, paddle.exp(-x.abs())) + x.multiply(paddle.sqrt(x.abs() + 1))
        x = paddle.maximum(x, x.rsqrt()) + x.minimum(paddle.log(paddle.abs(x) + 1.5))
        x = x.square() + paddle.square(x) * 0.1
        rows = x.sum(axis=[2, 3]) + paddle.sum(x, axis=(2, 3)) + x.mean([2, 3]) + x.max([2, 3])
        rows = rows + paddle.amax(x, axis=[2, 3]) + paddle.min(x, axis=[2, 3])
        rows = (rows * 0.01).clip(-3, 3)
        weight = self.linear.weight
        rows = paddle.matmul(rows, weight) + rows.matmul(weight) + imported_matmul(rows, weight)
        return F.softmax(rows @ weight), paddle.argmax(rows, axis=1)


def test_a_network_is_saved_as_it_is_and_converts(tmp_path: Path) -> None:
    net = EveryWay()
    model = prepare_layer(net, (1, 3, 8, 8), tmp_path, name="every-way")
    images = GENERATOR.standard_normal((1, 3, 8, 8)).astype(np.float32)
    expected = [output.numpy() for output in net(paddle.to_tensor(images))]
    found = run_in_paddle(model.prefix, {next(iter(model.graph.feeds)): images})
    for value, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-5)
    for target in Target:
        assert optimize(model, target, tmp_path / target.value).facts.kernels


def _natives_in_place() -> list[Any]:
    places = (paddle._C_ops, paddle.tensor.linalg, paddle.tensor.ops, Variable)
    return [vars(place).get(name) for place in places for name in _natives()]


class Failing(nn.Layer):
    def forward(self, images: Any) -> Any:
        raise RuntimeError(f"no good: {F.sigmoid(images).shape}")


def test_all_is_put_back(tmp_path: Path) -> None:
    before = _natives_in_place()
    with legacy_functions():
        assert _natives_in_place() != before
        assert float(paddle.exp(paddle.zeros([1]))) == 1
    assert _natives_in_place() == before
    with pytest.raises(ModelError, match=r": RuntimeError: no good: \[1, 3, 8, 8\]$"):
        export_layer(Failing(), [(1, 3, 8, 8)], tmp_path / "net")
    assert _natives_in_place() == before


class WithResult(nn.Layer):
    def forward(self, images: Any) -> Any:
        return paddle.exp(images, out=images)


def test_a_result_to_write_into_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"exp\(out=\.\.\.\) cannot be saved"):
        export_layer(WithResult(), [(1, 3, 8, 8)], tmp_path / "net")


@pytest.mark.parametrize(("axis", "keepdim"), [(None, False), (None, True), (1, False), (-1, True)])
def test_a_median_is_that_of_the_eager_function(
    axis: int | None, keepdim: bool, tmp_path: Path
) -> None:
    class Median(nn.Layer):
        def forward(self, x: Any) -> Any:
            return x * paddle.median(x, axis=axis, keepdim=keepdim).sum()

    export_layer(Median(), [X.shape], tmp_path / "model")
    (feed,) = feed_shapes(read_program(tmp_path / "model.pdmodel"))
    (found,) = run_in_paddle(tmp_path / "model", {feed: X})
    expected = X * paddle.median(paddle.to_tensor(X), axis=axis, keepdim=keepdim).sum().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-6)
