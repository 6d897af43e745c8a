"""Optimized programs in 16-bit floats: what rounding costs, and where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.execution import Precision, Target
from edgeslim.lite.optimized_program import read_optimized_program
from edgeslim.optimized_program import OptimizedProgram
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.optimized_operators._half_kernels import is_half
from edgeslim.paddle_io.optimized_operators.halves import HalfNet, HalfRun, misread_weights

pytestmark = pytest.mark.slow

SHAPE = (1, 12, 20, 20)


@pytest.fixture
def optimized(tmp_path: Path) -> Callable[..., OptimizedProgram]:
    """The program that `opt` makes for Arm in fp16 of what a function computes of layers."""
    paddle = load_paddle()
    nn: Any = paddle.nn

    class Net(nn.Layer):
        def __init__(self, compute: Callable[..., Any]) -> None:
            super().__init__()
            self.compute = compute
            self.first = nn.Conv2D(SHAPE[1], 16, 3)
            self.second = nn.Conv2D(16, 16, 1)
            self.transposed = nn.Conv2DTranspose(16, 4, 3, stride=2)
            self.norm = nn.BatchNorm2D(16)
            self.matrix = nn.Linear(16, 5)
            self.weight = self.create_parameter([16, 1, 1])

        def forward(self, x: Any) -> Any:
            return self.compute(self, x)

    def build(compute: Callable[..., Any]) -> OptimizedProgram:
        paddle.seed(0)
        net = Net(compute)
        net.eval()
        model = prepare_layer(net, SHAPE, tmp_path / "model", name="net")
        file = optimize(model, Target.ARM, tmp_path / "file", Precision.FP16)
        return read_optimized_program(file.path)

    return build


def _run(program: OptimizedProgram, scale: float = 1.0) -> HalfRun:
    images = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    return HalfNet(program).run({program.feeds[0]: images * np.float32(scale)})


def _everything(net: Any, x: Any) -> Any:
    """One operator of each family."""
    functional = load_paddle().nn.functional
    y = net.norm(functional.relu(net.first(x)))
    y = functional.max_pool2d(functional.hardswish(net.second(y)), 2)
    y = y + functional.sigmoid(y)
    z = functional.softmax(net.transposed(y), 1)
    return net.matrix(functional.avg_pool2d(y, 3).transpose([0, 2, 3, 1])), z


def test_a_program_in_halves_is_near_to_what_it_means(
    optimized: Callable[..., OptimizedProgram],
) -> None:
    program = optimized(_everything)
    assert {"batch_norm", "conv2d", "conv2d_transpose", "fc", "pool2d", "sigmoid", "softmax"} <= {
        call.kind for call in program.calls if is_half(call)
    }
    run = _run(program)
    assert run.first_infinite is None
    for exact, found in zip(run.exact, run.rounded, strict=True):
        off = np.sqrt(np.mean((exact - found) ** 2)) / np.std(exact)
        assert 1e-4 < off < 1e-2
    assert all(step.error < 1e-2 for step in run.steps)
    assert not misread_weights(program)


def test_two_runs_are_the_same(optimized: Callable[..., OptimizedProgram]) -> None:
    program = optimized(_everything)
    for first, second in zip(_run(program).rounded, _run(program).rounded, strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_operator_that_passes_the_largest_half_first_is_known(
    optimized: Callable[..., OptimizedProgram],
) -> None:
    run = _run(optimized(lambda net, x: net.second(net.norm(net.first(x)))), scale=1e5)
    assert run.first_infinite is not None
    assert run.first_infinite is run.steps[0]
    assert run.first_infinite.call.kind == "calib"
    run = _run(optimized(lambda net, x: net.second(net.first(x).abs() * 4096.0)), scale=1e2)
    assert run.first_infinite is not None
    assert run.first_infinite.largest > 65504
    assert run.first_infinite.inputs[0] == (1, 16, 18, 18)


def test_sums_of_means_pass_it_though_means_do_not(
    optimized: Callable[..., OptimizedProgram],
) -> None:
    functional = load_paddle().nn.functional

    def compute(net: Any, x: Any) -> Any:
        return functional.avg_pool2d(functional.relu(net.first(x)) + 3000.0, 6)

    run = _run(optimized(compute))
    assert run.first_infinite is not None
    assert run.first_infinite.call.kind == "pool2d"
    assert run.first_infinite.largest < 65504


def test_where_values_vanish_is_known(optimized: Callable[..., OptimizedProgram]) -> None:
    run = _run(optimized(lambda net, x: net.second(net.norm(net.first(x)) * 1e-9)))
    assert run.costliest is not None
    assert run.costliest.error > 0.5
    assert run.costliest.typical < 1e-7


def test_a_weight_that_the_optimizer_does_not_mark_is_found(
    optimized: Callable[..., OptimizedProgram],
) -> None:
    """It marks those that it finds in front of an operator, and a merging took one away."""
    program = optimized(lambda net, x: net.first(x))
    assert not misread_weights(program)
    marks = [(call, name) for call in program.calls for name in call.attributes if "_fp16" in name]
    call, mark = next(mark for mark in marks if mark[1].endswith("b_0_fp16"))
    del call.attributes[mark]  # type: ignore[attr-defined]
    ((found, weight),) = misread_weights(program)
    assert found is call
    assert f"{weight}_fp16" == mark
