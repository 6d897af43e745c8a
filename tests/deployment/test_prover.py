"""What is proved of files that no device is there for, and what is said of the rest."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.prepare import PreparedModel, prepare, prepare_layer
from edgeslim.deployment.claims import Claim
from edgeslim.deployment.proving import open_prover, prove_running, truth_for
from edgeslim.errors import ModelError, ProgramError, RunnerError
from edgeslim.execution import Precision, Target
from edgeslim.lite.converter import Conversion, convert_one
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.measuring.device_session import open_device
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.training.program_net import load_program_net
from edgeslim.training.quantization.calibrate import calibrate
from edgeslim.training.quantization.settings import QuantizationSettings

pytestmark = pytest.mark.slow

SHAPE = (1, 4, 3, 5)


def as_it_came(
    compute: Callable[[Any, Any], Any], parameter: tuple[int, ...], folder: Path
) -> PreparedModel:
    """A network of one parameter, of which nothing is rewritten for Paddle-Lite."""
    paddle: Any = load_paddle()

    class Net(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            noise = paddle.nn.initializer.Normal()
            self.value = self.create_parameter(list(parameter), default_initializer=noise)

        def forward(self, x: Any) -> Any:
            return compute(x, self.value)

    paddle.seed(0)
    model = prepare_layer(Net(), SHAPE, folder, name="net")
    return replace(
        model,
        program=model.prefix.with_suffix(".pdmodel"),
        parameters=model.prefix.with_suffix(".pdiparams"),
    )


def shifted(x: Any, value: Any) -> Any:
    """A constant without axes, which ends the runtime."""
    return x * value - load_paddle().full([], 2.0)


def claim(
    model: PreparedModel, target: Target, folder: Path, precision: Precision = Precision.FP32
) -> Claim:
    """Straight through the optimizer, whatever is known to go wrong."""
    path = convert_one(
        Conversion(
            model=model.program,
            parameters=model.parameters,
            target=target,
            output=folder / f"net.{target.value}",
            precision=precision,
        )
    )
    file = OptimizedFile(path=path, facts=read_optimized_model(path))
    return Claim(model=model, file=file, target=target, precision=precision)


def test_a_twin_that_ends_the_runtime_proves_nothing_and_refuses_nothing(tmp_path: Path) -> None:
    model = as_it_came(shifted, (1,), tmp_path / "model")
    ending = r"the runner died at .*\.x86\.nb, input 1: a check of Paddle-Lite.s own ended it"
    with open_prover() as prover:
        with pytest.raises(ProgramError, match=ending):
            prover.prove(claim(model, Target.X86, tmp_path), tmp_path)
        # That file is the twin of this one.
        proof = prover.prove(claim(model, Target.ARM, tmp_path), tmp_path)
    assert proof.by == ("interpreter",)
    assert proof.difference.max_rel < 1e-5
    (gap,) = proof.gaps
    assert gap.startswith("what opt made of net for arm computes what Paddle does")
    assert re.search(f"since the same model for x86 does not run here: {ending}", gap)
    assert "run it on the device (edgeslim deploy --device NAME)" in gap
    assert str(tmp_path) not in gap


def test_what_only_large_inputs_show_is_seen_on_the_runtime(tmp_path: Path) -> None:
    paddle: Any = load_paddle()
    model = as_it_came(lambda x, value: paddle.tanh(x * 20 + value), (1,), tmp_path / "model")
    mine = claim(model, Target.X86, tmp_path)
    truth = truth_for(model, [Precision.FP32])
    message = r"input 3: .* not finite \(for an input 8 times as large as noise\)"
    with open_device("host") as session:
        assert prove_running(session, mine, truth.quiet, tmp_path).max_rel < 1e-5
        with pytest.raises(RunnerError, match=message):
            prove_running(session, mine, truth, tmp_path)


def test_a_wrong_twin_of_integers_proves_nothing_and_refuses_nothing(tmp_path: Path) -> None:
    """Weights of 8 bits, of which the kernels of x86 cut off sums of two."""
    paddle: Any = load_paddle()
    paddle.seed(0)
    shape = (1, 3, 16, 16)
    batch = np.random.default_rng(0).standard_normal((4, *shape[1:])).astype(np.float32)
    ones = paddle.ParamAttr(initializer=paddle.nn.initializer.Constant(1.0))
    net = paddle.nn.Conv2D(3, 4, 3, weight_attr=ones)
    floats = prepare_layer(net, shape, tmp_path / "floats", name="net")
    small = calibrate(load_program_net(floats.prefix), [batch], QuantizationSettings())
    small.save(tmp_path / "int8")
    model = prepare(SavedModel.at(tmp_path / "int8", name="net"), tmp_path / "model")
    here, there = (
        claim(model, target, tmp_path, Precision.INT8) for target in (Target.X86, Target.ARM)
    )
    wrong = "net computes something else on host in int8"
    with open_prover() as prover:
        with pytest.raises(ModelError, match=wrong):
            prover.prove(here, tmp_path)
        proof = prover.prove(there, tmp_path)
    assert proof.by == ("interpreter",)
    assert proof.difference.lost < 1e-2
    (gap,) = proof.gaps
    assert f"no runtime has run its kernels, since the same model for x86 is wrong: {wrong}" in gap
