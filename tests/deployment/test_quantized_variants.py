"""A quantized model beside the same in floats: which precisions it has, and what each computes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.precisions import is_quantized, model_for_precision
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.deployment.deploy import convert, deploy
from edgeslim.errors import (
    ModelError,
)
from edgeslim.execution import Precision, Target
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.paddle_io.export import export_layer
from edgeslim.paddle_io.proto import read_program
from edgeslim.training.quantization.settings import QuantizationSettings
from tests.deployment.small_nets import small_net

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("ways")
    export_layer(small_net(), [(1, 3, 8, 8)], made / "net")
    return made


@pytest.fixture(scope="module")
def model(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> PreparedModel:
    return prepare(SavedModel.at(folder / "net"), tmp_path_factory.mktemp("prepared"))


@pytest.fixture(scope="module")
def quantized(folder: Path) -> dict[int, Path]:
    """The small network with weights of 7 and of 8 bits."""
    from edgeslim.training.program_net import load_program_net
    from edgeslim.training.quantization.calibrate import calibrate

    rng = np.random.default_rng(0)
    made = {}
    for bits in (7, 8):
        batches = [rng.normal(size=(8, 3, 8, 8)).astype(np.float32) for _ in range(2)]
        settings = QuantizationSettings(weight_bits=bits)
        net = calibrate(load_program_net(folder / "net"), batches, settings, "abs_max")
        made[bits] = folder / f"int{bits}"
        net.save(made[bits])
    return made


def test_of_a_quantized_model_int8_are_its_kernels_and_fp32_is_the_same_without_rounding(
    quantized: dict[int, Path], tmp_path: Path
) -> None:
    done = deploy(str(quantized[7]), precisions=["fp32", "int8"], out=tmp_path)
    assert done.failures == ()
    floats, whole = done.models
    assert (floats.precision, floats.kernels) == (Precision.FP32, ("fp32",))
    assert whole.precision is Precision.INT8
    assert whole.kernels == ("fp32", "int8")
    kernels = {
        kernel.operator: kernel for kernel in read_optimized_model(Path(whole.optimized)).kernels
    }
    for operator, precision in (("conv2d", 2), ("depthwise_conv2d", 2), ("matmul_v2", 1)):
        assert kernels[operator].precision == precision, kernels
    assert floats.outputs is not None
    assert floats.outputs.max_rel < 1e-5
    assert whole.outputs is not None
    assert (whole.outputs.lost or 0.0) < 0.01
    found = sorted(path.name for path in tmp_path.iterdir())
    assert found == ["deployments.jsonl", "int7.x86.int8.nb", "int7.x86.nb"]


def test_a_layer_that_stays_in_floats_between_others_is_proved_as_well(
    folder: Path, tmp_path: Path
) -> None:
    from edgeslim.paddle_io.quantized_program import quantizable_operators
    from edgeslim.training.program_net import load_program_net
    from edgeslim.training.quantization.calibrate import calibrate

    net = load_program_net(folder / "net")
    first, second, *_ = (one.weight for one in quantizable_operators(net.program))
    settings = QuantizationSettings(weight_bits=7, skip=(f"^{re.escape(second)}$",))
    images = np.random.default_rng(0).normal(size=(8, 3, 8, 8)).astype(np.float32)
    calibrate(net, [images], settings, "abs_max").save(tmp_path / "mixed")
    (only,) = convert(str(tmp_path / "mixed"), [Target.X86], out=tmp_path).models
    assert only.kernels == ("fp32", "int8")
    kernels = read_optimized_model(only.optimized).kernels
    found = [one.precision for one in kernels if one.operator in {"conv2d", "depthwise_conv2d"}]
    assert set(found) == {1, 2}, (first, second, kernels)
    assert only.outputs is not None


def test_a_quantized_model_is_int8_unless_something_else_is_asked_for(
    quantized: dict[int, Path], tmp_path: Path
) -> None:
    (only,) = convert(str(quantized[8]), [Target.ARM], out=tmp_path).models
    assert only.precision is Precision.INT8
    kernels = {kernel.operator: kernel for kernel in read_optimized_model(only.optimized).kernels}
    for operator in ("conv2d", "depthwise_conv2d", "fc"):
        assert kernels[operator].precision == 2, kernels
    asked = ("fp16", "int16", "int8-weights")
    others = convert(str(quantized[8]), [Target.ARM], precisions=asked, out=tmp_path).models
    assert [model.kernels for model in others] == [("fp16",), ("fp32",), ("fp32",)]


def test_int8_that_a_target_computes_wrongly_is_refused_and_the_rest_goes_on(
    quantized: dict[int, Path], tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"int8 cannot be converted: .*more than 7 bits on x86"):
        deploy(str(quantized[8]), out=tmp_path / "alone")
    done = deploy(str(quantized[8]), precisions=["int8", "fp32"], out=tmp_path / "both")
    assert [model.precision for model in done.models] == [Precision.FP32]
    assert [failure.precision for failure in done.failures] == [Precision.INT8]


def test_rounding_that_cannot_be_taken_out_leaves_int8_alone(
    model: PreparedModel, tmp_path: Path
) -> None:
    assert not is_quantized(model)
    program = read_program(model.prefix.with_suffix(".pdmodel"))
    program.blocks[0].ops[-2].type = "fake_quantize_range_abs_max"
    older = replace(model, prefix=tmp_path / "model")
    older.prefix.with_suffix(".pdmodel").write_bytes(program.SerializeToString())
    parameters = model.prefix.with_suffix(".pdiparams").read_bytes()
    older.prefix.with_suffix(".pdiparams").write_bytes(parameters)
    assert is_quantized(older)
    assert model_for_precision(older, Precision.INT8, tmp_path / "int8") is older
    with pytest.raises(ModelError, match=r"net is quantized by operators .* no fp32 of it"):
        model_for_precision(older, Precision.FP32, tmp_path / "fp32")


def test_an_int8_that_has_no_int8_kernels_is_refused(model: PreparedModel, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"opt made no int8 kernels of net; .* computes in fp32"):
        optimize(model, Target.ARM, tmp_path / "net", Precision.INT8)
