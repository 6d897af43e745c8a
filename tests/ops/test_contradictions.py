"""Operators that there cannot be, and those that look odd and run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from edgeslim import ops
from edgeslim.execution import Target
from edgeslim.ops import find_problem
from edgeslim.opspec import Attributes, OpSpec, Shape, Shapes
from edgeslim.spaces import SPACES, every_operator
from tests.values import convolution, relu


def operator(
    kind: str,
    inputs: Mapping[str, tuple[Shape, ...]],
    out: Shape,
    weights: Mapping[str, tuple[Shape, ...]] | None = None,
    **attributes: Any,
) -> OpSpec:
    known = ops.known_kinds()[kind]
    return OpSpec(
        kind=kind,
        inputs=Shapes(inputs),
        weights=Shapes(weights or {}),
        outputs=Shapes({known.outputs[0]: (out,)}),
        attributes=Attributes({**known.attributes, **attributes}),
    )


MAP, FLAT = (1, 8, 6, 6), (1, 12)
CONV = {"Input": (MAP,)}
NORM = dict.fromkeys(("Scale", "Bias", "Mean", "Variance"), ((8,),))

IMPOSSIBLE = {
    "a conv2d has no filter (Filter)": operator("conv2d", CONV, MAP),
    "Filter of a conv2d has 4 extents, not 8x8": operator(
        "conv2d", CONV, MAP, {"Filter": ((8, 8),)}
    ),
    "Input of a conv2d has 4 extents, not 1x12": operator(
        "conv2d", {"Input": (FLAT,)}, MAP, {"Filter": ((8, 8, 1, 1),)}
    ),
    "in 1 group(s) reads 4 channels, and the input has 8": operator(
        "conv2d", CONV, MAP, {"Filter": ((8, 4, 1, 1),)}
    ),
    "2 groups do not divide 7 channels": operator(
        "conv2d", CONV, (1, 7, 6, 6), {"Filter": ((7, 4, 1, 1),)}, groups=2
    ),
    "a bias 9 does not fit 8 filters": operator(
        "conv2d", CONV, MAP, {"Filter": ((8, 8, 1, 1),), "Bias": ((9,),)}
    ),
    "comes out as 1x8x3x3, not as 1x8x6x6": operator(
        "conv2d", CONV, MAP, {"Filter": ((8, 8, 1, 1),)}, strides=(2, 2)
    ),
    "0 groups": operator("conv2d", CONV, MAP, {"Filter": ((8, 8, 1, 1),)}, groups=0),
    "reads 4 channels, and the input has 8": operator(
        "conv2d_transpose", CONV, MAP, {"Filter": ((4, 8, 2, 2),)}
    ),
    "writes 5 channels, and the output is 1x8x6x6": operator(
        "conv2d_transpose", CONV, MAP, {"Filter": ((8, 5, 2, 2),)}
    ),
    "a pool2d of 1x8x6x6 comes out as 1x8x1x1": operator(
        "pool2d", {"X": (MAP,)}, MAP, global_pooling=True
    ),
    "a pool2d of 1x8x6x6 comes out as 1x8x3x3": operator(
        "pool2d", {"X": (MAP,)}, MAP, ksize=(2, 2), strides=(2, 2)
    ),
    "a pool2d of 1x8x6x6 comes out as 1x8x2x3": operator(
        "pool2d", {"X": (MAP,)}, MAP, ksize=(2, 3), adaptive=True
    ),
    "1x8x6x6 and 1x8x6x5 do not fit each other": operator(
        "elementwise_add", {"X": (MAP,), "Y": ((1, 8, 6, 5),)}, MAP
    ),
    "of 1x8x6x6 and 1x8x6x6 cannot come 1x8": operator(
        "elementwise_add", {"X": (MAP,), "Y": (MAP,)}, (1, 8)
    ),
    "a elementwise_add has no Y (Y)": operator("elementwise_add", {"X": (MAP,)}, MAP),
    "a relu of 1x8x6x6 comes out as 1x8x6x6, not as 1x12": operator("relu", {"X": (MAP,)}, FLAT),
    "do not have as many elements": operator("reshape2", {"X": (MAP,)}, FLAT),
    "a batch_norm has no Mean (Mean)": operator(
        "batch_norm", {"X": (MAP,)}, MAP, {"Scale": ((8,),), "Bias": ((8,),)}
    ),
    "does not fit 8 channels": operator(
        "batch_norm", {"X": (MAP,)}, MAP, {**NORM, "Mean": ((7,),)}
    ),
    "10 rows of the second factor meet 12 elements": operator(
        "fc", {"Input": (FLAT,)}, (1, 5), {"W": ((10, 5),)}
    ),
    "5 columns do not come out as 1x6": operator(
        "fc", {"Input": (FLAT,)}, (1, 6), {"W": ((12, 5),)}
    ),
    "5 rows of the second factor meet 12": operator(
        "matmul_v2", {"X": (FLAT,)}, (1, 12), {"Y": ((12, 5),)}, trans_y=True
    ),
    "288 elements of the first": operator("mul", {"X": (MAP,)}, (1, 5), {"Y": ((12, 5),)}),
    "along axis 1 the parts have 16 elements, and the whole 8": operator(
        "concat", {"X": (MAP, MAP)}, MAP, axis=1
    ),
    "is not a part of 1x8x6x6 along axis 1": operator(
        "concat", {"X": ((1, 4, 6, 6), (1, 4, 5, 6))}, MAP, axis=1
    ),
    "1x8x6x6 has no axis 4": operator("concat", {"X": (MAP, MAP)}, MAP, axis=4),
    "1x8x6x6 and 1x4x12x12 differ in channels": operator(
        "nearest_interp_v2", {"X": (MAP,)}, (1, 4, 12, 12)
    ),
    "a transpose2 of 1x8x6x6 comes out as 1x6x6x8": operator(
        "transpose2", {"X": (MAP,)}, MAP, axis=(0, 2, 3, 1)
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_what_cannot_be_is_found_with_its_numbers(text: str) -> None:
    assert text in find_problem(IMPOSSIBLE[text])


def test_a_kind_that_is_not_known_has_the_nearest_name() -> None:
    spec = OpSpec(kind="depthwise_conv2", inputs=relu(8).inputs, outputs=relu(8).outputs)
    assert find_problem(spec) == (
        "'depthwise_conv2' is not an operator that edgeslim knows; did you mean 'depthwise_conv2d'?"
    )
    none = OpSpec(kind="relu", inputs=relu(8).inputs, outputs=Shapes())
    assert find_problem(none) == "a relu has no output"


POSSIBLE = [
    relu(8),
    convolution(3, 8),
    operator("conv2d", {"Input": (MAP,), "Filter": ((8, 8, 1, 1),)}, MAP),  # a computed filter
    operator("pool2d", {"X": (MAP,)}, (1, 8, 4, 4), ksize=(2, 2), strides=(2, 2), paddings=(1, 1)),
    operator(
        "pool2d", {"X": ((1, 8, 5, 5),)}, (1, 8, 3, 3), ksize=(2, 2), strides=(2, 2), ceil_mode=True
    ),
    operator("elementwise_add", {"X": (MAP,)}, MAP, {"Y": ((8,),)}, axis=1),
    operator("elementwise_mul", {"X": (MAP,), "Y": ((1, 8, 1, 1),)}, MAP),
    operator("fc", {"Input": (MAP,)}, (1, 5), {"W": ((288, 5),)}),
    operator("matmul_v2", {"X": ((2, 3, 4),), "Y": ((2, 5, 4),)}, (2, 3, 5), trans_y=True),
    operator("reduce_mean", {"X": (MAP,)}, (1, 8), dim=(2, 3)),
    operator("relu", {"X": (MAP,)}, FLAT, open_shape=True),
]  # fmt: skip


@pytest.mark.parametrize("spec", POSSIBLE, ids=str)
def test_what_looks_odd_and_runs_is_left_alone(spec: OpSpec) -> None:
    assert find_problem(spec) == ""


@pytest.mark.parametrize("target", [*Target, None])
@pytest.mark.parametrize("name", ["blazeface", "light-nas-small", "resnet-small"])
def test_nothing_that_spaces_are_made_of_is_impossible(name: str, target: Target | None) -> None:
    space = SPACES.get(name).space(None, 10)
    problems = [find_problem(spec) for spec in every_operator(space, target)]
    assert set(problems) == {""}
