"""What is read of a file, and how files that are none are refused."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from edgeslim.errors import BadFileError, ModelError
from edgeslim.paddle_io.pir.reader import NEWEST_VERSION, read_pir
from tests.paddle_io.pir.documents import (
    FIXTURES,
    VERSIONS,
    attribute,
    document,
    feed,
    fetch,
    operator,
    parameter,
    written,
)


@pytest.mark.parametrize(("paddle", "version"), VERSIONS.items())
def test_each_version_that_a_wheel_writes(paddle: str, version: int) -> None:
    program = read_pir(FIXTURES / paddle / "inference.json")
    assert program.version == version
    kept = {
        parameter.name: parameter.type.shape
        for parameter in program.parameters
        if parameter.is_stored
    }
    assert kept["conv2d_0.w_0"] == (4, 2, 3, 3)
    assert kept["linear_0.w_0"] == (4, 3)
    assert not any("dropout_state" in name for name in kept)
    (leaky,) = (
        operation for operation in program.operations if operation.name == "pd_op.leaky_relu"
    )
    assert leaky.attributes["negative_slope"] == pytest.approx(0.3, rel=1e-7)
    (clip,) = (operation for operation in program.operations if operation.name == "pd_op.clip")
    makers = {
        operation.results[0].number: operation
        for operation in program.operations
        if operation.results
    }
    assert makers[clip.operands[2]].attributes["value"] == math.inf


def test_versions_differ_in_how_wide_numbers_are() -> None:
    slopes = {
        paddle: next(
            operation.attributes["negative_slope"]
            for operation in read_pir(FIXTURES / paddle / "inference.json").operations
            if operation.name == "pd_op.leaky_relu"
        )
        for paddle in VERSIONS
    }
    as_float = 0.30000001192092896
    assert slopes == {"3.0.0": as_float, "3.1.1": as_float, "3.2.2": as_float, "3.3.1": 0.3}


def test_an_attribute_of_each_kind(tmp_path: Path) -> None:
    attributes = [
        attribute("flag", "bool", value=True),
        attribute("axes", "array", [{"#": "0.a_i64", "D": 1}, {"#": "0.a_i64", "D": -1}]),
        attribute("shape", "1.a_intarray", [2, 3]),
        attribute("dtype", "1.a_dtype", "float32"),
        attribute("value", "1.a_scalar", ["float32", 0.5]),
        {"N": "lowest", "AT": {"#": "0.a_f64", "VD": "-INF"}},
        {"N": "nothing", "AT": {"#": "0.a_f32", "VD": "NaN"}},
    ]
    path = written(tmp_path, feed(), operator("1.some", (1, 0), (2,), attributes), fetch(2))
    some = read_pir(path).operations[1]
    assert (some.name, some.dialect, some.operands) == ("pd_op.some", "pd_op", (1, 0))
    read = dict(some.attributes)
    assert math.isnan(read.pop("nothing"))
    assert read == {
        "flag": True,
        "axes": [1, -1],
        "shape": [2, 3],
        "dtype": "float32",
        "value": 0.5,
        "lowest": -math.inf,
    }


def test_a_newer_version(tmp_path: Path) -> None:
    path = written(tmp_path, feed(), fetch(1), version=NEWEST_VERSION + 1)
    with pytest.raises(ModelError, match=r"version 5 .* reads up to 4 \(Paddle 3\.0 to 3\.3\)"):
        read_pir(path)


CUT = document(feed(), operator("1.relu", (1,), (2,)), fetch(2))

BAD = {
    b"": "is empty",
    b"  \n": "is empty",
    CUT[: len(CUT) // 2]: "is cut off: it ends in the middle of the program",
    b"{'a': 1}": "is no JSON document",
    b"\xff\xfe\x00": "is no JSON document",
    b"[1, 2]": "is no program of Paddle 3: Expected `object`, got `array`",
    b'{"model": "resnet"}': "does not say that it is one",
    b'{"base_code": {"magic": "pir"}}': "does not say its format's version",
    b'{"base_code": {"magic": "pir", "version": "4"}}': "does not say its format's version",
    b'{"base_code": {"magic": "pir", "version": 4}}': "is damaged: .*missing .* `program`",
    document(): "its program has no operators",
    document(feed(), {"#": "1.relu"}): r"is damaged: .*missing .* `O` .*ops\[1\]",
    document({**parameter("w", 1), "A": [0, 1]}, feed()): "is damaged at operator 0",
    document({**parameter("w", 1), "A": [0, 1, 1, 2]}, feed()): "a parameter is called 2",
    document(feed(), operator("1.relu", (1,), (2,), [{"N": "a"}])): r"is damaged: .*ops\[1\]\.A",
    document(feed(), {**operator("1.relu", (1,), (2,)), "A": [1]}): "1 is no attribute",
    document(feed(), operator("1.abs", (1,), (3,), kind={"#": 3})): r"is damaged: .*ops\[1\]\.O",
    document(feed(), operator("1.abs", (1,), (3,), [{"N": "a", "AT": {"#": 3}}])): (
        r"is damaged: Expected `str`, got `int` - at `\$\.#` - in `.*ops\[1\]\.A"
    ),
    document(feed(), operator("1.abs", (1,), (3,), [attribute("a", "str", "~~")])).replace(
        b"~~", b"\xff\xff"
    ): r"is damaged: .*ops\[1\]\.A",
    document(feed(), operator("1.abs", (1,), (3,), kind={"#": "0.t_dtensor", "D": []})): (
        "is damaged at operator 1 of its program"
    ),
}


@pytest.mark.parametrize(("content", "said"), BAD.items(), ids=BAD.values())
def test_what_is_no_program(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_bytes(content)
    with pytest.raises(BadFileError, match=said) as raised:
        read_pir(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match=r"cannot read .*none\.json"):
        read_pir(tmp_path / "none.json")
