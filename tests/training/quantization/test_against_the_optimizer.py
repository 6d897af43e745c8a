"""What the optimizer makes of quantized models, and what its files compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle, product
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from paddle import nn

from edgeslim.channels.groups import channels_of
from edgeslim.channels.plan import Selection, keep_first
from edgeslim.companion import lite_python
from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.precisions import rewrite_for_place
from edgeslim.conversion.prepare import PreparedModel, prepare, prepare_layer
from edgeslim.conversion.pruned_model import write_pruned
from edgeslim.errors import ModelError, UsageError
from edgeslim.execution import Precision, Target
from edgeslim.files import new_folder, write_bytes
from edgeslim.lite.converter import Conversion, ConversionTask, convert, convert_one
from edgeslim.models import MODELS
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.paddle_io.program_graph import read_graph
from edgeslim.targets import Place
from edgeslim.training.program_net import load_program_net
from edgeslim.training.quantization.calibrate import calibrate
from edgeslim.training.quantization.settings import WEIGHT_TYPES, QuantizationSettings
from tests.tools import require_module, run_python
from tests.training.quantization.integers import run_integers
from tests.training.quantization.nets import (
    SHAPE,
    Grouped,
    Residual,
    Small,
    images,
    made,
    program_net,
)

pytestmark = pytest.mark.slow

RUN = """
import sys
import numpy as np
import paddlelite.lite as lite

for file in sys.argv[1:]:
    config = lite.MobileConfig()
    config.set_model_from_file(file)
    predictor = lite.create_paddle_predictor(config)
    found = []
    for given in np.load(file + ".given.npy"):
        predictor.get_input(0).from_numpy(given)
        predictor.run()
        found.append(predictor.get_output(0).numpy().copy())
    np.save(file + ".found.npy", found)
"""


def run_files(inputs: Mapping[Path, Sequence[np.ndarray]]) -> dict[Path, np.ndarray]:
    """What optimized files make of inputs, each ``(inputs, *output)``, in one process."""
    for file, given in inputs.items():
        np.save(f"{file}.given.npy", np.stack(given))
    run_python(RUN, *inputs, python=lite_python())
    return {file: np.load(f"{file}.found.npy") for file in inputs}


NETS: dict[str, Any] = {
    "small": Small,
    "residual": Residual,
    "hard_swish": lambda: Small(nn.Hardswish()),
    "leaky_relu": lambda: Small(nn.LeakyReLU(0.1)),
}


@pytest.fixture(autouse=True)
def _needs_the_optimizer() -> None:
    require_module("paddlelite")


def quantized(
    net: nn.Layer, folder: Path, shape: tuple[int, ...] = SHAPE, **settings: Any
) -> PreparedModel:
    """A network with scales of images that it is also judged by, saved and prepared."""
    chosen = QuantizationSettings(**settings)
    batch = images(4, 9, shape)
    calibrate(program_net(net, folder / "floats", shape), [batch], chosen, "abs_max").save(
        folder / "int8"
    )
    return prepare(SavedModel.at(folder / "int8"), folder / "prepared")


def kernels(model: PreparedModel, folder: Path, target: Target = Target.ARM) -> set[str]:
    facts = optimize(model, target, folder / "optimized").facts
    return {f"{each.operator}/{each.alias}/{each.precision}" for each in facts.kernels}


PAIRS = [*product(["small"], WEIGHT_TYPES), *zip(list(NETS)[1:], cycle(WEIGHT_TYPES))]
"""Each network with a kind of weights, and one with all of them."""


@pytest.mark.parametrize(("name", "weight_type"), PAIRS)
def test_the_integers_of_an_arm_file_are_what_paddle_computes(
    name: str, weight_type: str, tmp_path: Path
) -> None:
    paddle.seed(0)
    model = quantized(made(NETS[name]()), tmp_path, weight_type=weight_type)
    program = convert_one(
        Conversion(
            model=model.program,
            parameters=model.parameters,
            target=Target.ARM,
            output=tmp_path / "fused",
            task=ConversionTask.FUSE,
        )
    )
    given = images(1, 9)
    (found,), ran = run_integers(program, given)
    (feed,) = model.graph.feeds
    (expected,) = run_in_paddle(model.prefix, {feed: given})
    step = np.abs(expected).max() / 127
    np.testing.assert_allclose(found, expected, atol=step)
    if name in {"small", "leaky_relu"}:  # and most often to the last digits
        assert {"conv2d/int8_out", "depthwise_conv2d/int8_out", "fc/fp32out"} <= set(ran)
        np.testing.assert_allclose(found, expected, atol=1e-5)
    assert len(read_graph(program, program.with_name("params")).nodes) == len(ran)


def test_int8_kernels_for_convolutions_depthwise_ones_and_products(tmp_path: Path) -> None:
    paddle.seed(0)
    found = kernels(quantized(made(Small()), tmp_path), tmp_path)
    assert {
        *("calib/fp32_to_int8/2", "conv2d/int8_out/2", "conv2d/fp32_out/2"),
        *("depthwise_conv2d/int8_out/2", "fc/fp32out/2"),
    } <= found
    assert not {each for each in found if each.startswith(("conv2d/def", "fc/def"))}


def test_what_is_skipped_has_float_kernels(tmp_path: Path) -> None:
    paddle.seed(0)
    net = made(Small())
    pointwise, scores = net.pointwise.weight.name, net.scores.weight.name
    skip = (f"^{pointwise}$", f"^{scores}$")
    found = kernels(quantized(net, tmp_path, skip=skip), tmp_path)
    assert {"conv2d/int8_out/2", "depthwise_conv2d/fp32_out/2", "conv2d/def/1", "fc/def/1"} <= found


@pytest.fixture(scope="module")
def of_seven_bits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PreparedModel]:
    """Every network with integers that the kernels of x86 compute right."""
    models = {}
    for name, net in {**NETS, "grouped": Grouped}.items():
        paddle.seed(0)
        models[name] = quantized(made(net()), tmp_path_factory.mktemp(name), weight_bits=7)
    return models


def test_on_x86_the_runtime_computes_what_paddle_does(
    of_seven_bits: dict[str, PreparedModel], tmp_path: Path
) -> None:
    place = Place.of(Target.X86, Precision.INT8)
    jobs = {}
    for name in NETS:
        model = of_seven_bits[name]
        written = rewrite_for_place(model, place, new_folder(tmp_path / name))
        write_bytes(tmp_path / f"{name}.pdmodel", written.program.read_bytes())
        write_bytes(tmp_path / f"{name}.pdiparams", written.parameters.read_bytes())
        jobs[name] = Conversion(
            model=tmp_path / f"{name}.pdmodel",
            parameters=model.parameters,
            target=Target.X86,
            output=tmp_path / f"{name}.x86",
        )
    assert [done.error for done in convert(list(jobs.values()))] == [None] * len(NETS)
    given = images(1, 9)
    found = run_files({job.result: [given] for job in jobs.values()})
    for name, job in jobs.items():
        (feed,) = of_seven_bits[name].graph.feeds
        (expected,) = run_in_paddle(tmp_path / name, {feed: given})
        step = np.abs(expected).max() / 127
        np.testing.assert_allclose(found[job.result][0], expected, atol=step, err_msg=name)


def test_on_x86_nothing_of_a_quantized_network_is_lost_that_is_kept_in_floats(
    of_seven_bits: dict[str, PreparedModel], tmp_path: Path
) -> None:
    """Activations beyond their scale are cut off there as well."""
    files = {
        name: optimize(model, Target.X86, tmp_path / name) for name, model in of_seven_bits.items()
    }
    assert all("int8" in file.facts.computes_in for file in files.values())
    given = [louder * images(1, 9) for louder in (1.0, 5.0)]
    found = run_files({file.path: given for file in files.values()})
    for name, model in of_seven_bits.items():
        (feed,) = model.graph.feeds
        for one, output in zip(given, found[files[name].path], strict=True):
            (expected,) = run_in_paddle(model.prefix, {feed: one})
            # Rounding that is left out here and there is all that differs.
            np.testing.assert_allclose(
                output.reshape(expected.shape),
                expected,
                atol=0.03 * np.abs(expected).max(),
                err_msg=name,
            )


def test_eight_bits_on_x86_are_refused_for_a_reason(tmp_path: Path) -> None:
    """Should this ever fail, the runtime was mended, and so the refusal can go."""
    paddle.seed(0)
    model = quantized(made(Residual()), tmp_path)
    given = images(1, 9)
    with pytest.raises(ModelError, match="--weight-bits 7"):
        optimize(model, Target.X86, tmp_path / "refused")
    found = convert_one(
        Conversion(
            model=model.program,
            parameters=model.parameters,
            target=Target.X86,
            output=tmp_path / "x86",
        )
    )
    (output,) = run_files({found: [given]})[found]
    (feed,) = model.graph.feeds
    (expected,) = run_in_paddle(model.prefix, {feed: given})
    assert np.abs(output - expected).max() > np.abs(expected).max() / 20


def test_a_pruned_model_is_quantized_and_a_quantized_one_is_not_pruned(tmp_path: Path) -> None:
    paddle.seed(0)
    whole = prepare_layer(made(Small()), SHAPE, tmp_path / "whole", name="whole")
    channels = channels_of(whole.graph)
    widths = {group.name: group.width // 2 for group in channels.groups}
    selection = Selection(channels, keep_first(widths))
    pruned = write_pruned(whole, selection, tmp_path / "pruned")
    net = load_program_net(pruned.program.with_suffix(""))
    small = calibrate(net, [images(4, 9)], QuantizationSettings())
    small.save(tmp_path / "int8")
    model = prepare(SavedModel.at(tmp_path / "int8"), tmp_path / "prepared")
    assert {"conv2d/int8_out/2", "depthwise_conv2d/int8_out/2", "fc/fp32out/2"} <= kernels(
        model, tmp_path
    )
    with pytest.raises(UsageError, match="is quantized; prune the model first"):
        write_pruned(model, selection, tmp_path / "again")


def test_mobilenet_v1_has_a_quarter_of_its_size(tmp_path: Path) -> None:
    shape = (1, 3, 64, 64)
    net = MODELS.get("mobilenet-v1").build(1000)
    model = quantized(net, tmp_path, shape)
    file = optimize(model, Target.ARM, tmp_path / "int8")
    floats = prepare(SavedModel.at(tmp_path / "floats" / "model"), tmp_path / "again")
    before = optimize(floats, Target.ARM, tmp_path / "floats").facts.size_bytes
    assert 16.9e6 < before < 17.1e6
    assert 4.35e6 < file.facts.size_bytes < 4.5e6
    assert not any(each.alias == "def" and "conv" in each.operator for each in file.facts.kernels)
    assert load_program_net(model.prefix).feeds == model.graph.feeds
