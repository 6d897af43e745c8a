"""What is put right in a description before Paddle-Lite reads it."""

from __future__ import annotations

from typing import Any

import pytest

from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.lite_rewrite import rewrite_for_lite as rewrite_draft
from edgeslim.paddle_io.proto import framework
from tests.paddle_io.programs import Op, arguments, attributes, kinds, program

IMAGE = (1, 4, 8, 8)
CHANGED = {"x": IMAGE, "y": IMAGE}
POOLING = {"pooling_type": "avg", "ksize": [4, 4], "strides": [4, 4], "paddings": [0, 0]}


def rewrite_for_lite(made: Any) -> list[str]:
    return rewrite_draft(Draft(made))


def one(kind: str, **given: Any) -> Any:
    """A program of one operator from x to y."""
    return program([Op(kind, {"X": "x"}, {"Out": "y"}, given)], CHANGED)


@pytest.mark.parametrize(
    ("kind", "restored"),
    [
        ("relu6", {"threshold": 6.0}),
        ("swish", {"beta": 1.0}),
        ("hard_swish", {"threshold": 6.0, "scale": 6.0, "offset": 3.0}),
        ("pool2d", {"adaptive": False, "ceil_mode": False, "exclusive": True}),
    ],
)
def test_attributes_that_were_stripped(kind: str, restored: dict[str, Any]) -> None:
    given = POOLING if kind == "pool2d" else {}
    made = one(kind, **given)
    assert rewrite_for_lite(made) == [f"{kind} with its attributes (1)"]
    assert attributes(made.blocks[0].ops[0]) == {**given, **restored}


def test_attributes_that_are_there_stay() -> None:
    made = one("relu6", threshold=3.0)
    assert rewrite_for_lite(made) == []
    assert attributes(made.blocks[0].ops[0]) == {"threshold": 3.0}


@pytest.mark.parametrize(
    ("kind", "slots"),
    [
        ("flatten_contiguous_range", ["XShape"]),
        ("squeeze2", ["XShape"]),
        ("transpose2", ["XShape"]),
        ("instance_norm", ["SavedMean", "SavedVariance"]),
        ("dropout", ["Mask"]),
    ],
)
def test_outputs_that_were_stripped(kind: str, slots: list[str]) -> None:
    made = one(kind)
    rewrite_for_lite(made)
    block = made.blocks[0]
    found = arguments(block.ops[0].outputs)
    assert set(found) == {"Out", *slots}
    assert found["Out"] == ["y"]
    described = [variable.name for variable in block.vars]
    assert len(set(described)) == len(described) == 2 + len(slots)
    assert {name for names in found.values() for name in names} < set(described)


def test_an_empty_slot_is_filled() -> None:
    made = one("reshape2", shape=[1, -1])
    made.blocks[0].ops[0].outputs.add(parameter="XShape")
    rewrite_for_lite(made)
    assert arguments(made.blocks[0].ops[0].outputs) == {"Out": ["y"], "XShape": ["y.xshape"]}


@pytest.mark.parametrize(
    ("kind", "given", "other", "renamed"),
    [
        ("bmm", {}, "matmul_v2", {"trans_x": False, "trans_y": False}),
        ("brelu", {"t_min": -1.0, "t_max": 1.0}, "clip", {"min": -1.0, "max": 1.0}),
        ("channel_shuffle", {"groups": 2}, "shuffle_channel", {"group": 2}),
        ("depthwise_conv2d_transpose", {"groups": 4}, "conv2d_transpose", {"groups": 4}),
        ("reduce_amax", {"dim": (2, 3)}, "reduce_max", {"dim": [2, 3]}),
        ("reduce_amin", {"dim": [1]}, "reduce_min", {"dim": [1]}),
    ],
)
def test_other_names(kind: str, given: Any, other: str, renamed: Any) -> None:
    made = one(kind, **given)
    assert f"{kind} under the name that its kernels have (1)" in rewrite_for_lite(made)
    assert kinds(made) == [other]
    assert attributes(made.blocks[0].ops[0]) == renamed


@pytest.mark.parametrize("shape", [(), []])
def test_a_constant_without_axes_gets_one(shape: Any) -> None:
    made = program([Op("fill_constant", {}, {"Out": "two"}, {"shape": shape})], {"two": ()})
    assert rewrite_for_lite(made) == ["fill_constant with one axis (1)"]
    assert attributes(made.blocks[0].ops[0])["shape"] == [1]
    assert list(made.blocks[0].vars[0].type.dense_tensor.tensor.dims) == [1]


def program_with_bias(
    shape: tuple[int, ...] = (1, 4, 1, 1), *, bias: int = 4, readers: int = 1, rank: int = 4
) -> Any:
    """An addition of a reshaped parameter, as Paddle writes a convolution's bias."""
    variables = {"x": IMAGE[:rank], "copy": shape, "y": IMAGE, "z": IMAGE}
    ops = [Op("reshape2", {"X": "bias"}, {"Out": "copy", "XShape": "scratch"})]
    ops += [Op("elementwise_add", {"X": "x", "Y": "copy"}, {"Out": "y"})]
    ops += [Op("relu", {"X": "copy"}, {"Out": "z"})] * (readers - 1)
    return program(ops, variables, {"bias": (bias,)})


def test_a_bias_is_read_directly() -> None:
    made = program_with_bias()
    assert rewrite_for_lite(made) == ["elementwise_add with the bias itself (1)"]
    (op,) = made.blocks[0].ops
    assert arguments(op.inputs) == {"X": ["x"], "Y": ["bias"]}
    assert attributes(op) == {"axis": 1}


@pytest.mark.parametrize(
    "made",
    [
        program_with_bias((1, 1, 1, 4)),
        program_with_bias((1, 1, 4, 1)),
        program_with_bias((1, 2, 2, 1)),
        program_with_bias(readers=2),
        program_with_bias(rank=3),
        program_with_bias((4, 1, 1)),
    ],
    ids=["along-width", "along-height", "folded", "read-twice", "another-rank", "no-batch"],
)
def test_what_is_no_bias_of_channels_stays(made: Any) -> None:
    before = made.SerializeToString()
    assert rewrite_for_lite(made) == []
    assert made.SerializeToString() == before


def test_a_second_time_changes_nothing() -> None:
    ops = [
        Op("transpose2", {"X": "x"}, {"Out": "y"}, {"axis": [0, 1, 3, 2]}),
        Op("dropout", {"X": "y"}, {"Out": "x"}),
        Op("bmm", {"X": "x", "Y": "y"}, {"Out": "y"}),
    ]
    made = program(ops, CHANGED)
    assert rewrite_for_lite(made)
    assert rewrite_for_lite(made) == []


@pytest.mark.parametrize(
    ("dtype", "kind", "number", "name"),
    [
        (5, "FLOAT64", {"r": 0.5}, "fp32_values"),
        (2, "LONG", {"i": 7}, "int32_values"),
        (3, "LONG", {"i": 7}, "int64_values"),
        (0, "BOOLEAN", {"b": True}, "bool_values"),
    ],
)
def test_constants_are_listed_by_their_type(
    dtype: int, kind: str, number: dict[str, Any], name: str
) -> None:
    made = one("assign_value", dtype=dtype)
    op = made.blocks[0].ops[0]
    values = op.attrs.add(name="values", type=framework().AttrType.SCALARS)
    scalar = values.scalars.add(**number)
    scalar.type = getattr(type(scalar), kind)
    assert rewrite_for_lite(made) == [
        "assign_value with its constants in the list of their type (1)"
    ]
    assert rewrite_for_lite(made) == []
    (found,) = (attr for attr in op.attrs if attr.name == name)
    assert [*found.floats, *found.ints, *found.longs] == [next(iter(number.values()))]
