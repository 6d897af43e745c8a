"""Descriptions in which inputs and weights are rounded, and what targets need of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.errors import ModelError, UsageError
from edgeslim.execution import Precision, Target
from edgeslim.paddle_io.block_edits import shape_of
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.lite_rewrite import rewrite_for_lite
from edgeslim.paddle_io.parameters import persistent_tensors, write_parameters
from edgeslim.paddle_io.program_graph import graph_of
from edgeslim.paddle_io.program_operators import operators_of
from edgeslim.paddle_io.quantized_program import (
    insert_rounding,
    is_quantized,
    quantizable_operators,
    without_rounding,
)
from edgeslim.targets import Place
from edgeslim.targets.quantized import LAWS as QUANTIZED_LAWS
from tests.paddle_io.programs import Op, arguments, attributes, kinds, program

CONVOLUTION = {"strides": (1, 1), "paddings": (0, 0), "dilations": (1, 1), "groups": 1}
ROUNDED = "fake_quantize_dequantize_moving_average_abs_max"
BY_CHANNEL = "fake_channel_wise_quantize_dequantize_abs_max"
WHOLE = "fake_quantize_dequantize_abs_max"


def network(activation: str = "relu", side: int = 8, **product: Any) -> Any:
    """Two convolutions of the same input, an activation, and a product with a weight."""
    return program(
        [
            Op("feed", {"X": "feed"}, {"Out": "x"}, {"col": 0}),
            Op("conv2d", {"Input": "x", "Filter": "w1"}, {"Output": "a"}, CONVOLUTION),
            Op("conv2d", {"Input": "x", "Filter": "w2"}, {"Output": "b"}, CONVOLUTION),
            Op("elementwise_add", {"X": "a", "Y": "b"}, {"Out": "c"}, {"axis": -1}),
            Op(activation, {"X": "b"}, {"Out": "d"}),
            Op("elementwise_add", {"X": "c", "Y": "d"}, {"Out": "e"}, {"axis": -1}),
            Op("reshape2", {"X": "e"}, {"Out": "f"}, {"shape": (1, 256)}),
            Op("matmul_v2", {"X": "f", "Y": "m"}, {"Out": "g"}, product),
            Op("matmul_v2", {"X": "g", "Y": "g"}, {"Out": "h"}, {"trans_y": True}),
            Op("fetch", {"X": "h"}, {"Out": "fetch"}, {"col": 0}),
        ],
        {**dict.fromkeys("xabcde", (1, 4, side, side)), "f": (1, 256), "g": (1, 5), "h": (1, 1)},
        {"w1": (4, 4, 1, 1), "w2": (4, 4, 1, 1), "m": (256, 5)},
    )


def quantized(
    made: Any, *, bits: int = 8, activation_bits: int = 8, by_channel: bool = True
) -> Any:
    insert_rounding(
        made,
        quantizable_operators(made),
        weight_bits=bits,
        activation_bits=activation_bits,
        by_channel=by_channel,
    )
    return made


def test_what_multiplies_activations_by_a_weight_is_found() -> None:
    places = quantizable_operators(network())
    assert [
        (operator.kind, operator.activation, operator.weight, operator.output)
        for operator in places
    ] == [
        ("conv2d", "x", "w1", "a"),
        ("conv2d", "x", "w2", "b"),
        ("matmul_v2", "f", "m", "g"),
    ]
    assert [(operator.axis, operator.channels) for operator in places] == [(0, 4), (0, 4), (1, 5)]


def test_a_transposed_weight_has_its_outputs_elsewhere_and_is_left_alone() -> None:
    assert [operator.weight for operator in quantizable_operators(network(trans_y=True))] == [
        "w1",
        "w2",
    ]


@pytest.mark.parametrize(
    ("skip", "left"),
    [(["w1"], ["w2", "m"]), (["^a$", "^m"], ["w2"]), (["w[12]"], ["m"]), (["w", "m"], [])],
)
def test_names_of_weights_and_outputs_are_skipped(skip: list[str], left: list[str]) -> None:
    assert [operator.weight for operator in quantizable_operators(network(), skip)] == left


def test_a_name_that_is_nowhere_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"skip 'w3' is found in no name .* w1 \(of a\), w2"):
        quantizable_operators(network(), ["w3"])


@pytest.mark.parametrize(("by_channel", "kind"), [(True, BY_CHANNEL), (False, WHOLE)])
def test_what_is_read_twice_is_rounded_once_before_its_first_reader(
    by_channel: bool, kind: str
) -> None:
    made = quantized(network(), by_channel=by_channel)
    assert kinds(made) == [
        *("feed", ROUNDED, kind, "conv2d", kind, "conv2d", "elementwise_add", "relu"),
        *("elementwise_add", "reshape2", ROUNDED, kind, "matmul_v2", "matmul_v2", "fetch"),
    ]
    first, second = (op for op in made.blocks[0].ops if op.type == "conv2d")
    assert arguments(first.inputs)["Input"] == arguments(second.inputs)["Input"]
    assert arguments(first.inputs)["Filter"] == ["w1.quantized.dequantized"]
    scales = {name: shape for name, shape in persistent_tensors(made).items() if "scale" in name}
    assert scales == {
        "f.quantized.scale": (1,),
        "m.quantized.scale": (5,) if by_channel else (1,),
        "w1.quantized.scale": (4,) if by_channel else (1,),
        "w2.quantized.scale": (4,) if by_channel else (1,),
        "x.quantized.scale": (1,),
    }


def test_a_quantized_program_is_the_same_graph_and_loses_its_rounding_again() -> None:
    plain, made = network(), quantized(network())
    assert is_quantized(made)
    assert not is_quantized(plain)
    assert without_rounding(plain) is plain
    assert kinds(without_rounding(made)) == kinds(plain)
    ours, theirs = (graph_of(program, Path("model")) for program in (made, plain))
    assert ours.nodes == theirs.nodes
    assert quantizable_operators(made) == []


def test_rounding_is_taken_from_some_kinds_alone() -> None:
    left = without_rounding(quantized(network()), lambda op: op.type == "matmul_v2")
    assert kinds(left).count(ROUNDED) == 1
    assert arguments(left.blocks[0].ops[-3].inputs) == {"X": ["f"], "Y": ["m"]}


def rewrite_for(made: Any, target: Target) -> Draft:
    draft = Draft(made, place=Place.of(target, Precision.INT8, threads=1))
    rewrite_for_lite(draft)
    return draft


@pytest.mark.parametrize(
    ("target", "bits", "activation_bits", "said"),
    [
        (Target.ARM, 8, 8, ""),
        (Target.ARM, 4, 8, ""),
        (Target.X86, 7, 8, ""),
        (Target.X86, 8, 8, "quantize it again with weights of 7"),
        (Target.ARM, 9, 8, "quantize it again with weights of 8 bits"),
        (Target.ARM, 8, 16, "quantize it again with activations of 8 bits"),
        (Target.X86, 7, 4, "quantize it again with activations of 8 bits"),
    ],
)
def test_what_would_compute_something_else_is_refused(
    target: Target, bits: int, activation_bits: int, said: str
) -> None:
    made = quantized(network(), bits=bits, activation_bits=activation_bits)
    draft = rewrite_for(made, target)
    assert draft.place is not None
    operators = list(operators_of(draft.program))
    if said:
        with pytest.raises(ModelError, match=said):
            draft.place.check("net", operators)
    else:
        found = [violation.law for violation in draft.place.violations(operators)]
        assert not set(found).intersection(QUANTIZED_LAWS)


def test_nothing_is_changed_for_arm_or_of_what_is_not_quantized() -> None:
    for made, target in ((square(40), Target.ARM), (network(), Target.X86)):
        before = made.SerializeToString()
        draft = rewrite_for(made, target)
        assert draft.noted == []
        assert draft.program.SerializeToString() == before


def test_on_x86_products_stay_in_floats_and_activations_apart() -> None:
    made = quantized(network("hard_swish"), bits=7)
    before = made.SerializeToString()
    draft = rewrite_for(made, Target.X86)
    assert made.SerializeToString() == before
    assert [violation.law.name for violation in draft.noted] == [
        "int8-products",
        "int8-activations-within",
    ]
    assert kinds(draft.program)[7:9] == ["dropout", "hard_swish"]
    assert persistent_tensors(draft.program) == persistent_tensors(made)


def test_on_arm_a_layer_of_integers_takes_in_no_clip() -> None:
    ops = [
        Op("feed", {"X": "feed"}, {"Out": "x"}, {"col": 0}),
        Op("matmul_v2", {"X": "x", "Y": "m"}, {"Out": "a"}, {}),
        Op("elementwise_add", {"X": "a", "Y": "b"}, {"Out": "c"}, {"axis": -1}),
        Op("relu6", {"X": "c"}, {"Out": "d"}, {"threshold": 6.0}),
    ]
    shapes = {"x": (2, 8), "a": (2, 5), "c": (2, 5), "d": (2, 5)}
    made = quantized(program(ops, shapes, {"m": (8, 5), "b": (5,)}))
    for target, apart in ((Target.ARM, ["dropout", "relu6"]), (Target.X86, ["relu6"])):
        draft = rewrite_for(made, target)
        assert kinds(draft.program)[-1 - len(apart) :] == ["elementwise_add", *apart]


@pytest.mark.parametrize(("groups", "apart"), [(1, False), (4, True)])
def test_on_arm_a_depthwise_convolution_of_integers_takes_in_no_hard_swish(
    groups: int, apart: bool
) -> None:
    filters = (4, 4 // groups, 3, 3)
    ops = [
        Op("feed", {"X": "feed"}, {"Out": "x"}, {"col": 0}),
        Op(
            "conv2d" if groups == 1 else "depthwise_conv2d",
            {"Input": "x", "Filter": "w"},
            {"Output": "a"},
            {**CONVOLUTION, "paddings": (1, 1), "groups": groups},
        ),
        Op("elementwise_add", {"X": "a", "Y": "b"}, {"Out": "c"}, {"axis": 1}),
        Op("hard_swish", {"X": "c"}, {"Out": "d"}, {}),
    ]
    made = quantized(program(ops, dict.fromkeys("xacd", (1, 4, 8, 8)), {"w": filters, "b": (4,)}))
    draft = rewrite_for(made, Target.ARM)
    assert ("dropout" in kinds(draft.program)) == apart
    assert [violation.law.name for violation in draft.noted] == [
        "int8-swish-within-depthwise"
    ] * apart


def convert_with_parameters(
    made: Any, folder: Path, target: Target, threads: int | None = None
) -> Draft:
    """What a quantized program, whose parameters are ones, is written as for a target."""
    shapes = persistent_tensors(made)
    write_parameters(folder / "p", {n: np.ones(shape, np.float32) for n, shape in shapes.items()})
    draft = Draft(made, folder / "p", Place.of(target, Precision.INT8, threads))
    rewrite_for_lite(draft)
    return draft


def product(rows: int, columns: int) -> Any:
    ops = [
        Op("feed", {"X": "feed"}, {"Out": "x"}, {"col": 0}),
        Op("matmul_v2", {"X": "x", "Y": "m"}, {"Out": "y"}, {}),
        Op("fetch", {"X": "y"}, {"Out": "fetch"}, {"col": 0}),
    ]
    shapes = {"x": (rows, 8), "y": (rows, columns)}
    return quantized(program(ops, shapes, {"m": (8, columns)}))


def test_on_arm_products_of_integers_have_a_bias(tmp_path: Path) -> None:
    draft = convert_with_parameters(product(3, 5), tmp_path, Target.ARM)
    assert kinds(draft.program)[-3:] == ["matmul_v2", "elementwise_add", "fetch"]
    (bias,) = arguments(draft.block.ops[-2].inputs)["Y"]
    value = draft.value(bias)
    assert value is not None
    np.testing.assert_array_equal(value, np.zeros(5))
    assert arguments(draft.block.ops[-2].outputs)["Out"] == ["y"]


@pytest.mark.parametrize(
    ("rows", "columns", "in_floats"), [(3, 1, True), (1, 1, False), (3, 2, False)]
)
def test_on_arm_rows_by_one_column_stay_in_floats(
    rows: int, columns: int, in_floats: bool, tmp_path: Path
) -> None:
    draft = convert_with_parameters(product(rows, columns), tmp_path, Target.ARM)
    assert (ROUNDED not in kinds(draft.program)) == in_floats


def square(side: int, *, strides: int = 1, padding: int = 1, activation: str = "relu") -> Any:
    """A 3x3 convolution of eight channels, and what is behind it."""
    made = (side + 2 * padding - 3) // strides + 1
    given = {"strides": (strides,) * 2, "paddings": (padding,) * 2}
    ops = [
        Op("feed", {"X": "feed"}, {"Out": "x"}, {"col": 0}),
        Op(
            "conv2d",
            {"Input": "x", "Filter": "w"},
            {"Output": "a"},
            {**CONVOLUTION, **given},
        ),
        Op(activation, {"X": "a"}, {"Out": "y"}, {}),
    ]
    shapes = {"x": (1, 8, side, side), **dict.fromkeys("ay", (1, 8, made, made))}
    return quantized(program(ops, shapes, {"w": (8, 8, 3, 3)}))


@pytest.mark.parametrize(
    ("side", "strides", "threads", "widened"),
    [
        (6, 1, 4, True),
        (6, 1, 2, False),
        (6, 1, None, True),
        (6, 2, 4, False),
        (40, 1, 4, False),
    ],
)
def test_on_arm_tiles_of_many_threads_become_products(
    side: int, strides: int, threads: int | None, widened: bool, tmp_path: Path
) -> None:
    draft = convert_with_parameters(square(side, strides=strides), tmp_path, Target.ARM, threads)
    (op,) = (op for op in draft.block.ops if op.type == "conv2d")
    (rounded,) = arguments(op.inputs)["Filter"]
    assert shape_of(draft.block, rounded) == (8, 8, 3, 4 if widened else 3)
    assert attributes(op)["paddings"] == ([1, 1, 1, 2] if widened else [1, 1])
    assert kinds(draft.program).count(BY_CHANNEL) == 1
    if widened:
        (filters,) = arguments(rounding_of(draft, rounded).inputs)["X"]
        value = draft.value(filters)
        assert value is not None
        assert value[..., :3].all()
        assert not value[..., 3].any()


def rounding_of(draft: Draft, name: str) -> Any:
    return next(op for op in draft.block.ops if name in arguments(op.outputs).get("Out", []))


@pytest.mark.parametrize(("padding", "apart"), [(0, True), (1, False)])
def test_on_arm_an_unpadded_depthwise_convolution_takes_in_no_relu(
    padding: int, apart: bool
) -> None:
    made = square(12, padding=padding)
    op = next(op for op in made.blocks[0].ops if op.type == "conv2d")
    next(attr for attr in op.attrs if attr.name == "groups").i = 8
    draft = rewrite_for(made, Target.ARM)
    assert [violation.law.name for violation in draft.noted] == [
        "int8-relus-within-unpadded"
    ] * apart
    assert ("dropout" in kinds(draft.program)) == apart


@pytest.mark.parametrize(
    ("side", "odd"), [(8, False), (1, False), (3, False), (2, True), (6, True)]
)
def test_on_x86_sizes_that_are_rounded_wrongly_stay_in_floats(side: int, odd: bool) -> None:
    draft = rewrite_for(quantized(network(side=side), bits=7), Target.X86)
    laws = [violation.law.name for violation in draft.noted]
    assert laws.count("int8-odd-sizes") == (2 if odd else 0)
