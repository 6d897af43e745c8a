"""Programs written by hand, as old descriptions: names, constants, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.errors import BadFileError, ModelError
from edgeslim.paddle_io.parameters import persistent_tensors, write_parameters
from edgeslim.paddle_io.pir.file_translation import translate_files
from edgeslim.paddle_io.pir.program_translation import translate_program
from edgeslim.paddle_io.pir.reader import read_pir
from edgeslim.paddle_io.program_graph import feed_shapes, fetch_names
from edgeslim.paddle_io.proto import attribute_value, read_program
from tests.paddle_io.pir.documents import (
    FIXTURES,
    VERSIONS,
    attribute,
    feed,
    fetch,
    operator,
    parameter,
    tensor,
    written,
)


def translate(folder: Path, *operators: dict[str, Any]) -> Any:
    """The old program of one that is written by hand."""
    path = written(folder, *operators)
    return translate_program(read_pir(path), path)


def kinds(program: Any) -> list[str]:
    """Its operators in order, without what feeds and fetches."""
    return [op.type for op in program.blocks[0].ops if op.type not in {"feed", "fetch"}]


def attributes(program: Any, kind: str) -> dict[str, Any]:
    """The attributes of its only operator of a kind."""
    (op,) = (op for op in program.blocks[0].ops if op.type == kind)
    return {attr.name: attribute_value(attr) for attr in op.attrs}


def full(number: int, value: float, dtype: str = "float32", shape: tuple[int, ...] = (1,)) -> Any:
    """A constant."""
    return operator(
        "1.full",
        (),
        (number,),
        [
            attribute("shape", "1.a_intarray", list(shape)),
            attribute("value", "f64", value),
            attribute("dtype", "1.a_dtype", dtype),
            attribute("place", "1.a_place", [1, 0, ""]),
        ],
        kind=tensor("i64" if dtype == "int64" else "f32", shape),
    )


def whole(number: int, *values: int) -> Any:
    """A constant list of whole numbers."""
    return operator(
        "1.full_int_array",
        (),
        (number,),
        [
            attribute("value", "array", [{"#": "0.a_i64", "D": value} for value in values]),
            attribute("dtype", "1.a_dtype", "int64"),
        ],
        kind=tensor("i64", (len(values),)),
    )


def test_names_are_kept(tmp_path: Path) -> None:
    program = translate(
        tmp_path,
        parameter("linear_0.w_0", 1, (3, 4)),
        feed("image", 2),
        operator(
            "1.matmul",
            (2, 1),
            (3,),
            [attribute("transpose_x", "bool", value=False), attribute("transpose_y", "bool", 0)],
            kind=tensor(shape=(2, 4)),
        ),
        operator("1.relu", (3,), (4,), [attribute("struct_name", "str", "/Net/")]),
        fetch(4),
    )
    assert feed_shapes(program) == {"image": (-1, 3)}
    assert fetch_names(program) == ("fetch_name_0",)
    assert persistent_tensors(program) == {"linear_0.w_0": (3, 4)}
    assert kinds(program) == ["matmul_v2", "relu"]
    assert attributes(program, "matmul_v2") == {"trans_x": False, "trans_y": False}


def test_constants_become_attributes(tmp_path: Path) -> None:
    program = translate(
        tmp_path, feed(), whole(2, -1, 3), operator("1.reshape", (1, 2), (3,)), fetch(3)
    )
    assert kinds(program) == ["reshape2"]
    assert attributes(program, "reshape2") == {"shape": [-1, 3]}


def test_constants_are_tensors_where_tensors_are_needed_and_once(tmp_path: Path) -> None:
    program = translate(
        tmp_path,
        feed(),
        full(2, 2.0**40 + 1, "int64", ()),
        full(3, 0.5),
        operator("1.add", (1, 3), (4,)),
        operator("1.multiply", (4, 3), (5,)),
        fetch(5),
    )
    assert kinds(program) == ["fill_constant", "elementwise_add", "elementwise_mul"]
    assert attributes(program, "fill_constant")["value"] == 0.5
    assert attributes(program, "elementwise_add") == {"axis": -1}


def test_large_whole_numbers_are_kept_exactly(tmp_path: Path) -> None:
    program = translate(tmp_path, feed(), full(2, 2**40 + 1, "int64", (2,)), fetch(2))
    assert attributes(program, "fill_constant")["str_value"] == str(2**40 + 1)


def test_sizes_that_the_program_makes_have_32_bits(tmp_path: Path) -> None:
    program = translate(
        tmp_path,
        feed(),
        operator("1.shape64", (1,), (2,), kind=tensor("i64", (2,))),
        operator("1.reshape", (1, 2), (3,)),
        fetch(3),
    )
    assert kinds(program) == ["shape", "cast", "cast", "reshape2"]
    (reshape,) = (op for op in program.blocks[0].ops if op.type == "reshape2")
    variables = {
        variable.name: variable.type.dense_tensor.tensor for variable in program.blocks[0].vars
    }
    sizes = {slot.parameter: slot.arguments[0] for slot in reshape.inputs}["Shape"]
    assert variables[sizes].data_type == 2  # int32


def test_an_output_that_is_an_input_is_copied(tmp_path: Path) -> None:
    program = translate(tmp_path, feed("x", 1), fetch(1, 0), fetch(1, 1))
    assert kinds(program) == ["scale", "scale"]
    assert fetch_names(program) == ("fetch_name_0", "fetch_name_1")


def test_limits_beyond_32_bits_are_the_end(tmp_path: Path) -> None:
    listed = [attribute(name, "array", []) for name in ("infer_flags", "decrease_axis")]
    axes = attribute("axes", "array", [{"#": "0.a_i64", "D": 1}])
    program = translate(
        tmp_path,
        feed(),
        whole(2, 1),
        whole(3, 2**63 - 1),
        operator("1.slice", (1, 2, 3), (4,), [axes, *listed]),
        fetch(4),
    )
    assert attributes(program, "slice")["ends"] == [2**31 - 1]


@pytest.mark.parametrize("paddle", VERSIONS)
def test_every_version_says_the_same_program(paddle: str) -> None:
    newest, path = (FIXTURES / file / "inference.json" for file in ("3.3.1", paddle))
    expected, found = (translate_program(read_pir(file), file) for file in (newest, path))
    assert [op.type for op in found.blocks[0].ops] == [op.type for op in expected.blocks[0].ops]
    for kind in ("leaky_relu", "group_norm", "bilinear_interp_v2", "pad3d", "softplus"):
        assert attributes(found, kind) == attributes(expected, kind)


def _sub(name: str) -> dict[str, Any]:
    return {**operator(name, (1,), (2,)), "regions": [{"blocks": []}]}


REFUSED = {
    "if": (_sub("1.if"), r"has control flow: pd_op\.if; .*write the network without"),
    "while": (_sub("1.while"), r"has control flow: pd_op\.while"),
    "another dialect's branch": (operator("2.yield", (1,)), r"control flow: cf\.yield"),
    "custom": (
        operator("3.my_relu", (1,), (2,)),
        r"custom operators: custom_op\.my_relu; .*kernel",
    ),
    "fused": (operator("1.fused_fc_elementwise_layernorm", (1,), (2,)), "for another runtime"),
    "onednn": (operator("onednn_op.conv2d", (1,), (2,)), r"another runtime: onednn_op\.conv2d"),
    "fc": (operator("1.fc", (1,), (2,)), r"another runtime: pd_op\.fc"),
    "random": (operator("1.gaussian", (), (2,)), r"draws random numbers: pd_op\.gaussian"),
    "unknown": (operator("1.yodel", (1,), (2,)), r"knows no name in old programs: pd_op\.yodel"),
    "attribute": (
        operator("1.relu", (1,), (2,), [attribute("volume", "f32", 11.0)]),
        r"pd_op\.relu has an attribute that edgeslim does not know: volume=11\.0",
    ),
    "operand": (operator("1.relu", (1, 1), (2,)), r"pd_op\.relu has 2 operands, .* knows 1"),
    "value": (
        operator("1.elu", (1,), (2,), [attribute("alpha", "str", "big")]),
        r"attribute 'alpha' of pd_op\.elu: 'big' is no number",
    ),
    "whole": (
        operator("1.softmax", (1,), (2,), [attribute("axis", "f32", 0.5)]),
        r"attribute 'axis' of pd_op\.softmax: 0\.5 is no whole number",
    ),
    "wide": (
        operator("1.softmax", (1,), (2,), [attribute("axis", "i64", 2**40)]),
        "does not fit into 32 bits",
    ),
    "not a constant": (
        operator("1.squeeze", (1, 1), (2,)),
        r"pd_op\.squeeze takes 'axes' from what the program computes",
    ),
    "training": (
        operator("1.dropout", (1, 0, 0), (2,), [attribute("is_test", "bool", value=False)]),
        r"pd_op\.dropout is as in a training .* call eval\(\)",
    ),
    "complex": (operator("1.relu", (1,), (2,), kind=tensor("c64")), "computes with complex64"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name(case: str, tmp_path: Path) -> None:
    refused, said = REFUSED[case]
    with pytest.raises(ModelError, match=said) as raised:
        translate(tmp_path, feed(), refused, fetch(2))
    assert "\n" not in str(raised.value)


def test_all_refused_operators_are_named_at_once(tmp_path: Path) -> None:
    others = (operator("1.yodel", (1,), (2,)), operator("1.alphorn", (2,), (3,)))
    with pytest.raises(ModelError, match=r"pd_op\.alphorn, pd_op\.yodel"):
        translate(tmp_path, feed(), *others, fetch(3))


def test_a_value_that_nothing_makes(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="value 7 is read and nothing makes it"):
        translate(tmp_path, feed(), operator("1.relu", (7,), (2,)), fetch(2))


def test_parameters_of_half_precision(tmp_path: Path) -> None:
    half = parameter("conv2d_0.w_0", 2, element="bf16")
    with pytest.raises(ModelError, match=r"bfloat16, such as 'conv2d_0\.w_0'.*net\.float\(\)"):
        translate(tmp_path, half, feed(), operator("1.add", (1, 2), (3,)), fetch(3))


def _added(folder: Path) -> Path:
    return written(
        folder, parameter("w", 1), feed("x", 2), operator("1.add", (2, 1), (3,)), fetch(3)
    )


def test_parameters_are_the_same_bytes(tmp_path: Path) -> None:
    path, parameters = _added(tmp_path), tmp_path / "inference.pdiparams"
    write_parameters(parameters, {"w": np.ones((2, 3), np.float32)})
    translate_files(path, parameters, tmp_path / "old" / "model")
    assert (tmp_path / "old" / "model.pdiparams").read_bytes() == parameters.read_bytes()
    assert kinds(read_program(tmp_path / "old" / "model.pdmodel")) == ["elementwise_add"]


PARAMETERS = {
    "missing": (None, "cannot read .*pdiparams"),
    "empty": (b"", "is truncated: it ends at byte 0, before 'w'"),
    "no tensors": (b"{}" * 40, "byte 0, where 'w' should start, is no tensor"),
}


@pytest.mark.parametrize("case", PARAMETERS)
def test_parameters_that_are_none(case: str, tmp_path: Path) -> None:
    content, said = PARAMETERS[case]
    path, parameters = _added(tmp_path), tmp_path / "inference.pdiparams"
    if content is not None:
        parameters.write_bytes(content)
    with pytest.raises(BadFileError, match=said):
        translate_files(path, parameters, tmp_path / "old" / "model")
    assert not (tmp_path / "old").exists()


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"w": np.ones((3, 2), np.float32)}, r"of another model: 'w' should be \(2, 3\) and is"),
        ({"w": np.ones((2, 3), np.int32)}, "'w' should have elements of type 5 and has 2"),
        ({"w": np.ones((2, 3), np.float32), "x": np.ones(1, np.float32)}, "bytes are left over"),
    ],
    ids=["shape", "type", "too many"],
)
def test_parameters_of_another_model(tensors: dict[str, Any], said: str, tmp_path: Path) -> None:
    path, parameters = _added(tmp_path), tmp_path / "inference.pdiparams"
    write_parameters(parameters, tensors)
    with pytest.raises(BadFileError, match=said):
        translate_files(path, parameters, tmp_path / "old" / "model")


def test_parameters_that_are_cut(tmp_path: Path) -> None:
    path, parameters = _added(tmp_path), tmp_path / "inference.pdiparams"
    write_parameters(parameters, {"w": np.ones((2, 3), np.float32)})
    parameters.write_bytes(parameters.read_bytes()[:-3])
    with pytest.raises(BadFileError, match=r"is truncated: 'w' needs \d+ bytes"):
        translate_files(path, parameters, tmp_path / "old" / "model")


def test_a_program_without_parameters_is_given_one(tmp_path: Path) -> None:
    path = written(tmp_path, feed(), operator("1.relu", (1,), (2,)), fetch(2))
    translate_files(path, tmp_path / "none.pdiparams", tmp_path / "model")
    program = read_program(tmp_path / "model.pdmodel")
    assert list(persistent_tensors(program)) == ["unused_weight"]
