"""Laws of 16-bit floats: what `opt` makes of each example has no operator left that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from paddle import nn
from paddle.nn import functional

from edgeslim.conversion.model_inputs import make_noise
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.precisions import rewrite_for_place
from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.execution import Precision, Target
from edgeslim.lite.optimized_program import read_optimized_program
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.paddle_io.optimized_operators._half_kernels import is_half
from edgeslim.paddle_io.optimized_operators.halves import HalfNet, misread_weights
from edgeslim.paddle_io.program_operators import operators_of
from edgeslim.paddle_io.proto import read_program
from edgeslim.targets import Answer, Law, Place, known_laws
from edgeslim.targets.halves import LAWS

pytestmark = pytest.mark.slow

PLACE = Place.of(Target.ARM, Precision.FP16)
SHAPE = (1, 3, 40, 40)


class Net(nn.Layer):
    """What a function makes of convolutions, between two of them."""

    def __init__(self, compute: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.compute = compute
        self.first = nn.Conv2D(3, 12, 3)
        self.norm = nn.BatchNorm2D(12)
        self.transposed = nn.Conv2DTranspose(12, 12, 3, stride=2, bias_attr=False)
        self.weight = self.create_parameter([12, 1, 1])
        self.large = self.create_parameter(
            [12, 1, 1], default_initializer=nn.initializer.Uniform(1e5, 1e6)
        )

    def forward(self, x: Any) -> Any:
        return self.compute(self, x)


@dataclass(frozen=True, kw_only=True)
class Example:
    """A network that meets a law.

    Args:
        law: The law's name.
        compute: What the network computes.
        kind: The operator that it is about, in the optimized program; empty if it is not left.
    """

    law: str
    compute: Callable[[Any, Any], Any]
    kind: str


def _pooled(window: int, **how: Any) -> Callable[[Any, Any], Any]:
    return lambda net, x: functional.max_pool2d(net.first(x), window, **how)


EXAMPLES = (
    Example(law="largest-of-four", compute=_pooled(2), kind="pool2d"),
    Example(
        law="largest-of-four",
        compute=lambda net, x: functional.max_pool2d(_pooled(2)(net, x), 2),
        kind="pool2d",
    ),
    Example(law="cut-windows", compute=_pooled(4, stride=3, ceil_mode=True), kind="pool2d"),
    Example(
        law="cut-windows",
        compute=_pooled(3, stride=2, ceil_mode=True, padding=[0, 1]),
        kind="pool2d",
    ),
    Example(
        law="counted-behind",
        compute=lambda net, x: functional.avg_pool2d(
            net.first(x), [3, 2], stride=[2, 1], padding="SAME", exclusive=False
        ),
        kind="pool2d",
    ),
    Example(
        law="odd-rows",
        compute=lambda net, x: functional.adaptive_avg_pool2d(
            net.first(x)[:, :, :36, :36], (12, 9)
        ),
        kind="pool2d",
    ),
    Example(
        law="scaled-convolutions", compute=lambda net, x: net.first(x) * 0.5 + 2, kind="conv2d"
    ),
    Example(
        law="scaled-convolutions",
        compute=lambda net, x: functional.relu(net.norm(net.first(x))) * 3.0,
        kind="conv2d",
    ),
    Example(
        law="constants-in-activated-sums",
        compute=lambda net, x: functional.relu(_pooled(3)(net, x) * net.weight),
        kind="elementwise_mul",
    ),
    Example(
        law="constants-of-both-widths",
        compute=lambda net, x: paddle.maximum(_pooled(3)(net, x) + net.weight, net.weight),
        kind="elementwise_max",
    ),
    Example(
        law="unbiased-transposed",
        compute=lambda net, x: functional.relu6(net.transposed(net.first(x))),
        kind="conv2d_transpose",
    ),
    Example(
        law="without-halves",
        compute=lambda net, x: paddle.where(x[:, :1, 1:-1, 1:-1] > 0, net.first(x), -net.first(x)),
        kind="where",
    ),
    Example(
        law="without-halves",
        compute=lambda net, x: paddle.gather_nd(
            net.first(x), paddle.to_tensor(np.array([[0, 3], [0, 1]]))
        ),
        kind="gather_nd",
    ),
    Example(
        law="factors-beyond-halves",
        compute=lambda net, x: functional.relu(paddle.sigmoid(net.first(x)) * -7e4 + 7e4),
        kind="scale",
    ),
    Example(
        law="factors-beyond-halves",
        compute=lambda net, x: functional.max_pool2d(net.first(x), 3).exp() * 1e8 * 1e-8,
        kind="scale",
    ),
    Example(
        law="constants-beyond-halves",
        compute=lambda net, x: _pooled(3)(net, x) * net.large / net.large,
        kind="elementwise_mul",
    ),
    Example(
        law="long-casts",
        compute=lambda net, x: paddle.cast(net.first(x) * 9.0, "int64"),
        kind="cast",
    ),
)


def _named(example: Example) -> str:
    return f"{example.law} {EXAMPLES.index(example)}"


@pytest.fixture
def model(example: Example, tmp_path: Path) -> PreparedModel:
    paddle.seed(0)
    net = Net(example.compute)
    net.eval()
    return prepare_layer(net, SHAPE, tmp_path / "model", name="net")


def _meeting(law: Law, program: Path) -> list[str]:
    return [
        str(operator) for operator in operators_of(read_program(program)) if law.is_met_by(operator)
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=_named)
def test_what_meets_a_law_is_right_in_fp16(
    example: Example, model: PreparedModel, tmp_path: Path
) -> None:
    law = next(law for law in LAWS if law.name == example.law)
    if law.meets is not None:
        assert _meeting(law, model.program), "the example is none"
    written = rewrite_for_place(model, PLACE, tmp_path)
    assert law in {violation.law for violation in written.rewritten}
    assert not known_laws().violations(operators_of(read_program(written.program)), PLACE)

    program = read_optimized_program(
        optimize(model, Target.ARM, tmp_path / "file", Precision.FP16).path
    )
    assert not misread_weights(program)
    calls = [call for call in program.calls if call.kind == example.kind]
    assert calls
    if law.answer is Answer.FP32:
        assert not any(is_half(call) for call in calls)

    inputs = make_noise(model.graph, np.random.default_rng(0))
    run = HalfNet(program).run(inputs)
    for expected, exact, rounded in zip(
        run_in_paddle(model.prefix, inputs), run.exact, run.rounded, strict=True
    ):
        most = np.abs(expected).max()
        assert np.abs(expected - exact).max() <= 1e-5 * most
        whole = expected.dtype.kind == "i"  # of which one on either side is as near
        assert np.abs(expected - rounded).max() <= (1 if whole else 1e-2 * most)


@pytest.mark.parametrize("padding", [0, 1])
def test_windows_of_three_that_are_cut_have_a_kernel_that_is_right(
    padding: int, tmp_path: Path
) -> None:
    paddle.seed(0)
    net = Net(_pooled(3, stride=2, padding=padding, ceil_mode=True))
    written = rewrite_for_place(
        prepare_layer(net, SHAPE, tmp_path / "model", name="net"), PLACE, tmp_path
    )
    assert not {violation.law for violation in written.rewritten} & set(LAWS)


@pytest.mark.parametrize("example", EXAMPLES, ids=_named)
def test_the_same_in_fp32_stays_as_it_is(
    example: Example, model: PreparedModel, tmp_path: Path
) -> None:
    place = Place.of(Target.ARM)
    written = rewrite_for_place(model, place, tmp_path)
    assert example.law not in {violation.law.name for violation in written.rewritten}


def test_every_law_that_paddle_saves_an_example_of_has_one() -> None:
    """Adaptive pooling of the largest is `max_pool2d_with_index` in what Paddle 3 saves."""
    assert {law.name for law in LAWS} - {example.law for example in EXAMPLES} == {"square-maxima"}
