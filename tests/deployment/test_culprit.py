"""The first operator whose value differs, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.deployment.claims import Claim
from edgeslim.deployment.proving import prove_optimized, prove_running, truth_for
from edgeslim.errors import EdgeslimError, ModelError
from edgeslim.execution import Precision, Target
from edgeslim.files import write_bytes
from edgeslim.lite.converter import Conversion, convert_one
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.measuring.device_session import open_device
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.proto import read_program
from edgeslim.paddle_io.rewrites.direct_biases import REWRITE as DIRECT_BIASES

if TYPE_CHECKING:
    import paddle

pytestmark = pytest.mark.slow

SHAPE = (1, 4, 8, 8)


def net(middle: Callable[[Any], Any]) -> paddle.nn.Layer:
    """Something between two convolutions, and a pooling and a matrix behind that."""
    paddle: Any = load_paddle()

    class Net(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.before = paddle.nn.Conv2D(4, 8, 3, padding=1)
            self.depthwise = paddle.nn.Conv2D(8, 8, 3, padding=1, groups=8)
            self.behind = paddle.nn.Conv2D(8, 4, 1)
            self.matrix = paddle.nn.Linear(4, 5)

        def forward(self, x: paddle.Tensor) -> paddle.Tensor:
            functional = paddle.nn.functional
            y = functional.relu(self.before(x))
            y = y + middle(self.depthwise(y))
            y = functional.adaptive_avg_pool2d(functional.hardswish(self.behind(y)), 1)
            return self.matrix(y.flatten(1))

    return Net()


def middle(name: str) -> Callable[[Any], Any]:
    """One fault: of the optimizer, or of a kernel of the runtime on this machine."""
    paddle: Any = load_paddle()
    functional = paddle.nn.functional

    def floored(y: paddle.Tensor) -> paddle.Tensor:
        whole = paddle.floor_divide((10 * y).astype("int32"), paddle.full([1], 3, "int32"))
        return whole.astype("float32")

    return {
        "scale": lambda y: 1 - functional.relu6(y),
        "power": lambda y: paddle.pow(y, 2.0),
        "floor": floored,
    }[name]


@pytest.fixture(scope="module")
def claims(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Target], Claim]:
    folder = tmp_path_factory.mktemp("culprits")
    models = {}

    def claim(name: str, target: Target) -> Claim:
        """A model with a fault, past all that is rewritten against it."""
        if name not in models:
            model = prepare_layer(net(middle(name)), SHAPE, folder / name, name=name)
            program = read_program(model.prefix.with_suffix(".pdmodel"))
            DIRECT_BIASES.apply(Draft(program))
            free = folder / name / "free.pdmodel"
            write_bytes(free, program.SerializeToString())
            parameters = model.prefix.with_suffix(".pdiparams")
            models[name] = replace(model, program=free, parameters=parameters)
        model = models[name]
        path = convert_one(
            Conversion(
                model=model.program,
                parameters=model.parameters,
                target=target,
                output=folder / name / target.value,
            )
        )
        return Claim(
            model=model,
            file=OptimizedFile(path=path, facts=read_optimized_model(path)),
            target=target,
            precision=Precision.FP32,
        )

    return claim


@pytest.mark.parametrize("target", list(Target))
def test_what_the_optimizer_spoils_is_named(
    target: Target, claims: Callable[[str, Target], Claim]
) -> None:
    claim = claims("scale", target)
    with pytest.raises(ModelError) as raised:
        prove_optimized(claim, truth_for(claim.model, [Precision.FP32]))
    said = str(raised.value)
    assert "first at depthwise_conv2d 1x8x8x8" in said
    assert "act_type relu6" in said
    assert "made of depthwise_conv2d, elementwise_add, relu6, scale, " in said
    assert "opt takes scale into depthwise_conv2d in front of its relu6" in said


@pytest.mark.parametrize(
    ("name", "kernel"), [("power", "pow/"), ("floor", "elementwise_floordiv/int32/")]
)
def test_what_a_kernel_gets_wrong_is_named(
    name: str, kernel: str, claims: Callable[[str, Target], Claim], tmp_path: Path
) -> None:
    claim = claims(name, Target.X86)
    truth = truth_for(claim.model, [Precision.FP32])
    assert not isinstance(prove_optimized(claim, truth), tuple), "the optimizer is right"
    with open_device("host") as session, pytest.raises(EdgeslimError) as raised:
        prove_running(session, claim, truth, tmp_path)
    said = str(raised.value)
    assert f"first at {kernel.partition('/')[0]} 1x8x8x8" in said
    assert f"by the runtime's kernel {kernel}" in said
