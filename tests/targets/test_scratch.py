"""Kernels that need more memory than they have: where that is, also in quantized networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from paddle import nn

from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.precisions import rewrite_for_place
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.execution import Precision, Target
from edgeslim.lite.optimized_program import read_optimized_program
from edgeslim.opspec import Shape
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.paddle_io.optimized_operators.run import OptimizedNet
from edgeslim.paddle_io.parameters import write_parameters
from edgeslim.targets import Operator, Place, known_laws
from edgeslim.targets.quantized import ROUNDS_ACTIVATIONS
from edgeslim.training.quantization.calibrate import calibrate
from edgeslim.training.quantization.settings import WEIGHT_TYPES, QuantizationSettings
from tests.paddle_io.programs import Op, attributes, kinds, program
from tests.paddle_io.rewriting import apply_rewrite
from tests.tools import require_module
from tests.training.quantization.nets import program_net

LAWS = {law.name: law for law in known_laws().laws}


def convolution(
    filters: Shape, places: Shape, *, quantized: bool = False, **given: Any
) -> Operator:
    """A convolution of one picture, whose result has as many places as its input."""
    channels = filters[1] * int(given.get("groups", 1))
    return Operator(
        kind="conv2d",
        inputs={"Input": ((1, channels, *places),), "Filter": (filters,)},
        outputs={"Output": ((1, filters[0], *places),)},
        attributes={"paddings": tuple(side // 2 for side in filters[2:]), **given},
        constants=("Filter",),
        makers={"Input": ROUNDS_ACTIVATIONS} if quantized else {},
    )


@pytest.mark.parametrize(
    ("law", "operator", "is_met"),
    [
        ("one-channel-maps", convolution((1, 4, 1, 1), (256, 511)), False),
        ("one-channel-maps", convolution((1, 4, 1, 1), (256, 512)), True),
        ("one-channel-maps", convolution((1, 4, 1, 1), (256, 256), quantized=True), True),
        ("one-channel-groups", convolution((4, 1, 7, 7), (512, 256), groups=4), True),
        ("one-channel-groups", convolution((4, 2, 3, 3), (512, 256), groups=4), True),
        ("one-channel-groups", convolution((8, 1, 7, 7), (512, 256), groups=4), False),
        ("one-channel-groups", convolution((4, 1, 3, 3), (512, 256), groups=4), False),
        (
            "one-channel-groups",
            convolution((4, 1, 3, 3), (512, 256), groups=4, dilations=(2, 2)),
            True,
        ),
        (
            "one-channel-groups",
            convolution((4, 1, 3, 3), (512, 256), quantized=True, groups=4, paddings=(0, 1, 0, 1)),
            True,
        ),
        ("wide-depthwise", convolution((4, 1, 5, 5), (9, 513), groups=4), True),
        ("wide-depthwise", convolution((4, 1, 5, 5), (9, 512), groups=4), False),
        ("wide-depthwise", convolution((4, 1, 3, 3), (9, 999), groups=4), False),
        ("wide-depthwise", convolution((4, 1, 3, 3), (9, 1024), quantized=True, groups=4), False),
        ("wide-depthwise", convolution((4, 1, 3, 3), (9, 1025), quantized=True, groups=4), True),
        ("wide-depthwise", convolution((4, 1, 3, 3), (9, 9999), groups=4), False),
        ("long-sums", convolution((8, 5462, 1, 1), (2, 2)), True),
        ("long-sums", convolution((8, 5462, 1, 1), (1, 1)), False),
        ("long-sums", convolution((1, 5462, 1, 1), (2, 2)), False),
        ("long-sums", convolution((8, 700, 3, 3), (9, 9)), False),
        ("long-sums", convolution((8, 700, 3, 3), (9, 9), dilations=(2, 2)), True),
        ("long-sums", convolution((8, 64, 5, 5), (512, 512)), False),
        ("long-sums", convolution((8, 64, 5, 5), (512, 768)), True),
        ("int8-long-sums", convolution((8, 480, 3, 3), (9, 9), quantized=True), False),
        (
            "int8-long-sums",
            convolution((8, 480, 3, 3), (9, 9), quantized=True, dilations=(2, 2)),
            True,
        ),
        ("int8-long-sums", convolution((8, 480, 3, 3), (9, 9), dilations=(2, 2)), False),
    ],
)
def test_where_memory_is_lacking(law: str, operator: Operator, is_met: bool) -> None:
    assert LAWS[law].is_met_by(operator) == is_met


def test_a_product_of_flattened_tensors_is_a_sum_of_products_of_matrices(tmp_path: Path) -> None:
    weights = np.random.default_rng(0).standard_normal((6000, 3)).astype(np.float32)
    made = program(
        [
            Op(
                "mul",
                {"X": "x", "Y": "w"},
                {"Out": "y"},
                {"x_num_col_dims": 1, "y_num_col_dims": 1},
            )
        ],
        {"x": (2, 60, 100), "y": (2, 3)},
        {"w": (6000, 3)},
    )
    write_parameters(tmp_path / "p", {"w": weights})
    draft = Draft(made, tmp_path / "p")
    assert apply_rewrite("long-sums", draft) == {"long-sums": 1}
    assert kinds(made) == ["reshape2", "slice", "slice", "mul", "mul", "elementwise_add"]
    cuts = [attributes(op) for op in made.blocks[0].ops if op.type == "slice"]
    assert [(cut["starts"], cut["ends"]) for cut in cuts] == [([0], [3000]), ([3000], [6000])]
    parts = [
        draft.value(slot.arguments[0])
        for op in made.blocks[0].ops
        if op.type == "mul"
        for slot in op.inputs
        if slot.parameter == "Y"
    ]
    assert all(part is not None for part in parts)
    np.testing.assert_array_equal(
        np.concatenate([part for part in parts if part is not None]), weights
    )
    assert not apply_rewrite("long-sums", draft)


def _quantized(net: nn.Layer, shape: Shape, folder: Path, weight_type: str) -> PreparedModel:
    image = np.random.default_rng(3).standard_normal(shape).astype(np.float32)
    settings = QuantizationSettings(weight_type=weight_type)
    floats = program_net(net, folder / "floats", shape)
    calibrate(floats, [image], settings, "abs_max").save(folder / "int8")
    return prepare(SavedModel.at(folder / "int8"), folder / "prepared")


def _grouped() -> nn.Layer:
    return nn.Sequential(
        nn.Conv2D(3, 6, 1), nn.ReLU(), nn.Conv2D(6, 6, (1, 7), padding=(0, 3), groups=6), nn.ReLU6()
    )


QUANTIZED: dict[str, tuple[Any, Shape]] = {
    "one-channel-groups": (_grouped, (1, 3, 256, 256)),
    "one-channel-maps": (lambda: nn.Sequential(nn.Conv2D(3, 1, 1), nn.Sigmoid()), (1, 3, 256, 256)),
    "wide-depthwise": (lambda: nn.Conv2D(4, 4, 5, 2, padding=2, groups=4), (1, 4, 9, 1030)),
    "int8-long-sums": (
        lambda: nn.Sequential(nn.Linear(4100, 6), nn.ReLU(), nn.Linear(6, 5)),
        (2, 4100),
    ),
    "int8-long-sums long-sums": (
        lambda: nn.Sequential(nn.Conv2D(700, 4, 3, padding=2, dilation=2), nn.Conv2D(4, 3, 1)),
        (1, 700, 4, 4),
    ),
}
"""Networks and their inputs, by the laws that they meet."""


@pytest.mark.slow
@pytest.mark.parametrize("weight_type", WEIGHT_TYPES)
@pytest.mark.parametrize("laws", QUANTIZED)
def test_a_quantized_network_computes_the_same(laws: str, weight_type: str, tmp_path: Path) -> None:
    require_module("paddlelite")
    paddle.seed(0)
    build, shape = QUANTIZED[laws]
    place = Place.of(Target.ARM, Precision.INT8, threads=4)
    model = _quantized(build(), shape, tmp_path, weight_type)
    written = rewrite_for_place(model, place, tmp_path)
    assert set(laws.split()) <= {violation.law.name for violation in written.rewritten}
    file = optimize(model, Target.ARM, tmp_path / "net", Precision.INT8, place=place)
    assert "int8" in file.facts.computes_in
    (feed,) = model.graph.feeds
    image = np.random.default_rng(3).standard_normal(shape).astype(np.float32)
    (expected,) = run_in_paddle(model.prefix, {feed: image})
    (found,) = OptimizedNet(read_optimized_program(file.path)).run({feed: image})
    # A layer in floats reads what is not rounded to whole steps.
    step = np.abs(expected).max() / 127 * (3 if "int8" in laws else 1.01)
    np.testing.assert_allclose(found.reshape(expected.shape), expected, atol=step)
