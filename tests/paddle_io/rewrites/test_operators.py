"""Operators written as others, and what becomes of their parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.ops import ELEMENT_NUMBERS
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.parameters import parameter_bytes, read_parameters, write_parameters
from edgeslim.paddle_io.proto import framework
from tests.paddle_io.programs import Op, arguments, attributes, kinds, program
from tests.paddle_io.rewriting import apply_rewrite

SHAPE = (1, 4, 8, 8)


def power(factor: float) -> Any:
    return program(
        [Op("pow", {"X": "x"}, {"Out": "y"}, {"factor": factor})], {"x": SHAPE, "y": SHAPE}
    )


@pytest.mark.parametrize(
    ("factor", "written"),
    [
        (2.0, ["square"]),
        (3.0, ["square", "elementwise_mul"]),
        (4.0, ["square", "square"]),
        (7.0, ["square", "elementwise_mul", "square", "elementwise_mul"]),
        (-2.0, ["square", "reciprocal"]),
        (-1.0, ["reciprocal"]),
        (0.5, ["sqrt"]),
        (-0.5, ["rsqrt"]),
        (0.0, ["scale"]),
        (1.5, ["sqrt", "elementwise_mul"]),
        (0.75, ["sqrt", "sqrt", "elementwise_mul"]),
        (-2.25, ["sqrt", "sqrt", "square", "elementwise_mul", "reciprocal"]),
        (1.7, ["fill_constant", "elementwise_pow"]),
        (65.0, ["fill_constant", "elementwise_pow"]),
    ],
)
def test_powers(factor: float, written: list[str]) -> None:
    made = power(factor)
    apply_rewrite("powers", made)
    assert kinds(made) == written
    assert arguments(made.blocks[0].ops[-1].outputs)["Out"] == ["y"]
    assert not apply_rewrite("powers", made)


@pytest.mark.parametrize(
    ("numbers", "written"),
    [
        ("int64 bool", ["cast", "cast"]),
        ("bool uint8", ["cast", "cast"]),
        ("uint8 int32", ["cast", "cast"]),
        ("int32 uint8", ["cast", "scale", "floor", "scale", "elementwise_sub", "cast"]),
        ("float32 uint8", ["cast"]),
        ("int32 bool", ["cast"]),
        ("float32 int16", ["cast"]),
    ],
)
def test_casts(numbers: str, written: list[str]) -> None:
    one, two = (ELEMENT_NUMBERS[name] for name in numbers.split())
    made = program(
        [Op("cast", {"X": "x"}, {"Out": "y"}, {"in_dtype": one, "out_dtype": two})],
        {"x": SHAPE, "y": SHAPE},
    )
    for variable in made.blocks[0].vars:
        if variable.name in {"x", "y"}:
            variable.type.dense_tensor.tensor.data_type = one if variable.name == "x" else two
    apply_rewrite("casts", made)
    assert kinds(made) == written
    assert arguments(made.blocks[0].ops[-1].outputs)["Out"] == ["y"]


def test_unbind_of_one_is_no_split() -> None:
    made = program(
        [Op("unbind", {"X": "x"}, {"Out": "y"}, {"axis": 0})], {"x": SHAPE, "y": SHAPE[1:]}
    )
    apply_rewrite("unbound", made)
    (op,) = made.blocks[0].ops
    assert (op.type, attributes(op)) == ("squeeze2", {"axes": [0]})


@pytest.mark.parametrize(
    ("kind", "given", "written"),
    [
        ("scale", {"scale": 1.0, "bias": 0.0}, "assign"),
        ("scale", {"scale": 1.0, "bias": 0.5}, "scale"),
        ("dropout", {"dropout_implementation": "upscale_in_train"}, "assign"),
        ("dropout", {"dropout_implementation": "downgrade_in_infer"}, "dropout"),
    ],
)
def test_what_leaves_an_input_as_it_is(kind: str, given: dict[str, Any], written: str) -> None:
    ops = [
        Op("feed", {"X": "feed"}, {"Out": "x"}, {"col": 0}),
        Op(kind, {"X": "x"}, {"Out": "y"}, given),
        Op(kind, {"X": "y"}, {"Out": "z"}, given),
    ]
    made = program(ops, {"x": SHAPE, "y": SHAPE, "z": SHAPE})
    apply_rewrite("identities-of-inputs", made)
    assert kinds(made) == ["feed", written, kind]


def transposed_program(folder: Path, shape: tuple[int, ...], **given: Any) -> tuple[Any, Draft]:
    """A transposed convolution and its filter of ones."""
    made = program(
        [Op("conv2d_transpose", {"Input": "x", "Filter": "f"}, {"Output": "y"}, given)],
        {"x": SHAPE, "y": SHAPE},
        {"f": shape},
    )
    write_parameters(folder / "p", {"f": np.ones(shape, np.float32)})
    return made, Draft(made, folder / "p")


def test_a_transposed_depthwise_filter_gets_a_column_of_zeros(tmp_path: Path) -> None:
    made, draft = transposed_program(
        tmp_path, (4, 1, 3, 3), groups=4, strides=[2, 2], paddings=[1, 1]
    )
    apply_rewrite("transposed-depthwise", draft)
    (op,) = made.blocks[0].ops
    assert attributes(op)["paddings"] == [1, 1, 1, 2]
    content = draft.changed_parameters()
    assert content is not None
    (tmp_path / "changed").write_bytes(content)
    filters = read_parameters(tmp_path / "changed", made)
    (name,) = arguments(op.inputs)["Filter"]
    assert filters[name].shape == (4, 1, 3, 4)
    assert not filters[name][..., 3].any()
    assert filters[name][..., :3].all()
    assert not apply_rewrite("transposed-depthwise", draft)


@pytest.mark.parametrize(
    ("shape", "given"),
    [
        ((4, 4, 3, 3), {"groups": 1, "strides": [2, 2]}),
        ((4, 2, 3, 3), {"groups": 4, "strides": [2, 2]}),
        ((4, 1, 3, 5), {"groups": 4, "strides": [2, 2]}),
        ((4, 1, 3, 3), {"groups": 4, "strides": [3, 3]}),
        ((4, 1, 3, 3), {"groups": 4, "strides": [1, 1], "dilations": [2, 2]}),
    ],
)
def test_other_transposed_convolutions_stay(
    tmp_path: Path, shape: tuple[int, ...], given: dict[str, Any]
) -> None:
    made, draft = transposed_program(tmp_path, shape, paddings=[0, 0], **given)
    before = made.SerializeToString()
    assert not apply_rewrite("transposed-depthwise", draft)
    assert made.SerializeToString() == before
    assert draft.changed_parameters() is None


def sum_program(
    folder: Path, shape: tuple[int, ...], axis: int, readers: int = 1
) -> tuple[Any, Draft]:
    """A constant added behind a convolution of 4 channels to a picture of 8 by 4."""
    ops = [
        Op("conv2d", {"Input": "x", "Filter": "f"}, {"Output": "v"}),
        Op("elementwise_add", {"X": "v", "Y": "b"}, {"Out": "y"}, {"axis": axis}),
    ]
    ops += [Op("tanh", {"X": "v"}, {"Out": "z"})] * (readers - 1)
    image = (1, 4, 8, 4)
    tensors = {"f": np.ones((4, 4, 1, 1), np.float32), "b": np.ones(shape, np.float32)}
    made = program(
        ops, dict.fromkeys(("x", "v", "y", "z"), image), {k: v.shape for k, v in tensors.items()}
    )
    write_parameters(folder / "p", tensors)
    return made, Draft(made, folder / "p")


@pytest.mark.parametrize(
    ("shape", "axis"), [((1,), -1), ((4, 1, 1), -1), ((1, 4, 1, 1), -1), ((4, 1), 1), ((1, 1), 1)]
)
def test_a_constant_for_each_channel_is_a_bias(
    tmp_path: Path, shape: tuple[int, ...], axis: int
) -> None:
    made, draft = sum_program(tmp_path, shape, axis)
    assert apply_rewrite("constant-biases", draft) == {"constants-taken-for-biases": 1}
    add = made.blocks[0].ops[1]
    assert attributes(add) == {"axis": 1}
    (name,) = arguments(add.inputs)["Y"]
    value = draft.value(name)
    assert value is not None
    assert value.tolist() == [1.0] * 4
    assert not apply_rewrite("constant-biases", draft)


@pytest.mark.parametrize(
    ("shape", "axis"), [((4,), -1), ((8, 4), -1), ((8, 1), -1), ((4, 8, 4), 1), ((1, 4, 8, 4), 0)]
)
def test_another_constant_is_kept_apart(tmp_path: Path, shape: tuple[int, ...], axis: int) -> None:
    made, draft = sum_program(tmp_path, shape, axis)
    assert apply_rewrite("constant-biases", draft) == {"constants-no-bias": 1}
    assert kinds(made) == ["conv2d", "dropout", "elementwise_add"]
    assert draft.changed_parameters() is None


@pytest.mark.parametrize(("shape", "axis", "readers"), [((4,), 1, 1), ((8, 4), -1, 2)])
def test_a_bias_as_it_should_be_stays(
    tmp_path: Path, shape: tuple[int, ...], axis: int, readers: int
) -> None:
    made, draft = sum_program(tmp_path, shape, axis, readers)
    before = made.SerializeToString()
    assert not apply_rewrite("constant-biases", draft)
    assert made.SerializeToString() == before


def test_a_volume_padded_with_a_value_is_joined_with_constants() -> None:
    made = program(
        [Op("pad3d", {"X": "x"}, {"Out": "y"}, {"paddings": [1, 0] * 3, "value": 0.5})],
        {"x": (1, 4, 8, 8, 8), "y": (1, 4, 9, 9, 9)},
    )
    apply_rewrite("flat-paddings", made)
    assert kinds(made) == ["pad3d"]
    apply_rewrite("absent-places", made)
    assert kinds(made) == ["fill_constant", "concat"] * 3


def test_parameters_of_double_precision_are_stored_single(tmp_path: Path) -> None:
    made = program([Op("relu", {"X": "w"}, {"Out": "y"})], {"y": (3,)}, {"w": (3,)})
    made.blocks[0].vars[-1].type.dense_tensor.tensor.data_type = framework().VarType.FP64
    value = np.array([0.1, 0.2, 0.3])
    (tmp_path / "p").write_bytes(parameter_bytes({"w": value}, made))
    draft = Draft(made, tmp_path / "p")
    assert apply_rewrite("narrow-numbers", draft) == {"doubles": 1}
    content = draft.changed_parameters()
    assert content is not None
    (tmp_path / "changed").write_bytes(content)
    stored = read_parameters(tmp_path / "changed", made)["w"]
    assert stored.dtype == np.float32
    assert stored.tolist() == value.astype(np.float32).tolist()


@pytest.mark.parametrize(("overwrite", "left"), [(True, True), (False, False)])
def test_computed_rows_of_which_the_last_stays_have_no_other_form(
    overwrite: bool, left: bool
) -> None:
    made = program(
        [
            Op("arg_max", {"X": "x"}, {"Out": "ids"}, {"axis": 1}),
            Op(
                "scatter",
                {"X": "x", "Ids": "ids", "Updates": "x"},
                {"Out": "y"},
                {"overwrite": overwrite},
            ),
        ],
        {"x": (4, 4), "ids": (4,), "y": (4, 4)},
    )
    apply_rewrite("scattered-rows", made)
    assert ("scatter" in kinds(made)) == left
