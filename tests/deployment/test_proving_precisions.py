"""Optimized models of lower precision, by the meaning of their operators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.companion import lite_python
from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.precisions import model_for_precision
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.deployment.claims import Claim
from edgeslim.deployment.judgement import OutputDifference, difference_of
from edgeslim.deployment.outputs import outputs_on_device
from edgeslim.deployment.proving import prove_optimized, truth_for
from edgeslim.errors import ProgramAbortedError
from edgeslim.execution import Precision, Target
from edgeslim.inference.engines import Engine, load_model
from edgeslim.lite.optimized_program import read_optimized_program
from edgeslim.measuring.device_session import open_device
from edgeslim.paddle_io.export import export_layer
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.optimized_operators.run import OptimizedNet

pytestmark = pytest.mark.slow

SHAPE = (1, 3, 32, 32)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PreparedModel:
    """A quantized network, with activations in its layers and none, and a sum between two."""
    from edgeslim.training.program_net import load_program_net
    from edgeslim.training.quantization.calibrate import calibrate
    from edgeslim.training.quantization.settings import QuantizationSettings

    paddle: Any = load_paddle()
    nn: Any = paddle.nn
    functional = nn.functional
    folder = tmp_path_factory.mktemp("precisions")

    class Net(nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2D(3, 8, 3, padding=1, stride=2)
            self.depthwise = nn.Conv2D(8, 8, 3, padding=1, groups=8)
            self.pointwise = nn.Conv2D(8, 8, 1)
            self.last = nn.Conv2D(8, 8, 1)
            self.matrix = nn.Linear(8, 5)

        def forward(self, x: paddle.Tensor) -> paddle.Tensor:
            y = functional.relu(self.first(x))
            z = functional.relu6(self.depthwise(y))
            z = functional.leaky_relu(self.pointwise(z), 0.1)
            y = functional.hardswish(self.last(functional.relu(y + z)))
            y = functional.adaptive_avg_pool2d(functional.max_pool2d(y, 2), 1)
            return self.matrix(y.flatten(1))

    paddle.seed(0)
    export_layer(Net(), [SHAPE], folder / "net")
    rng = np.random.default_rng(0)
    batches = [rng.normal(size=(8, *SHAPE[1:])).astype(np.float32) for _ in range(3)]
    settings = QuantizationSettings(weight_bits=7)
    calibrate(load_program_net(folder / "net"), batches, settings, "abs_max").save(folder / "int7")
    return prepare(SavedModel.at(folder / "int7", name="int7"), folder / "prepared")


@pytest.mark.parametrize(
    ("precision", "lost"),
    [
        (Precision.INT8, 1e-9),
        (Precision.FP16, 1e-5),
        (Precision.INT16_WEIGHTS, 1e-6),
        (Precision.INT8_WEIGHTS, 1e-2),
    ],
)
def test_what_arm_computes_loses_what_its_precision_must(
    model: PreparedModel, precision: Precision, lost: float, tmp_path: Path
) -> None:
    source = model_for_precision(model, precision, tmp_path / "source")
    file = optimize(source, Target.ARM, tmp_path / "file", precision)
    claim = Claim(model=source, file=file, target=Target.ARM, precision=precision)
    found = prove_optimized(claim, truth_for(source, [precision]))
    assert isinstance(found, OutputDifference)
    assert found.lost < lost


def test_kernels_of_eight_bits_mean_what_the_runtime_computes(
    model: PreparedModel, tmp_path: Path
) -> None:
    file = optimize(model, Target.X86, tmp_path / "file", Precision.INT8)
    assert "int8" in file.facts.computes_in
    truth = truth_for(model, [Precision.INT8])
    net = OptimizedNet(read_optimized_program(file.path))
    meant = [net.run(arrays) for arrays in truth.inputs]
    fed = [list(arrays.values()) for arrays in truth.inputs]
    with open_device("host") as session:
        ran = outputs_on_device(session, file, fed, 1, tmp_path)
    assert difference_of(ran, meant).max_rel < 1e-5
    assert difference_of(truth.outputs, ran).max_rel > 1e-4, "they round, and so do we"


REFUSES = """#!/bin/sh
# Python's -I, its program, the batch, the results.
if grep -q depthwise_conv2d "$3"; then
  echo '{{"sequence": 0, "event": "start"}}' > "$4"
  echo "[F 1/1 1:1:1.1 lite/kernels/x/conv_compute.cc Run:5] Check failed: (2==1): no" >&2
  kill -ABRT $$
fi
exec {python} "$@"
"""
DEVICE = """
name = "refusing"
summary = "this machine, with a library that ends at depthwise convolutions"
transport = "local"
target = "x86"
python = "{python}"
"""


@pytest.mark.parametrize("precision", [Precision.INT8, Precision.FP32])
def test_where_a_library_ends_is_named_in_any_precision(
    model: PreparedModel, precision: Precision, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program = tmp_path / "python"
    program.write_text(REFUSES.format(python=str(lite_python())))
    program.chmod(0o755)
    Path("device_profiles").mkdir()
    Path("device_profiles/refusing.toml").write_text(DEVICE.format(python=program))
    given = [{"x": np.ones(SHAPE, np.float32)}]
    name = precision.value
    with (
        load_model(Engine.LITE, model, device="refusing", precision=name) as run,
        pytest.raises(ProgramAbortedError) as told,
    ):
        run([dict(zip(model.graph.feeds, arrays.values(), strict=True)) for arrays in given])
    said = str(told.value)
    assert "Paddle-Lite's own ended it: Check failed: (2==1): no (conv_compute.cc:5)" in said
    assert "first at depthwise_conv2d 1x8x16x16" in said, said
    assert "convert the model again" not in said
