"""The combined parameter file against truncation, surplus and the wrong model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.errors import BadFileError, ModelError
from edgeslim.paddle_io.operator_model import write_operator_model
from edgeslim.paddle_io.parameters import (
    check_parameters,
    parameter_bytes,
    persistent_tensors,
    read_parameters,
    stored_shapes,
    write_parameters,
)
from edgeslim.paddle_io.proto import read_program
from tests.values import convolution


@dataclass
class Files:
    parameters: Path
    program: Any


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A convolution's bias, of 4 numbers, and its filter, of 108."""
    write_operator_model(convolution(3, 4), tmp_path / "model")
    return Files(tmp_path / "model.pdiparams", read_program(tmp_path / "model.pdmodel"))


def test_whole(files: Files) -> None:
    check_parameters(files.parameters, files.program)
    expected = {"w_Bias": (4,), "w_Filter": (4, 3, 3, 3)}
    assert persistent_tensors(files.program) == expected
    assert stored_shapes(files.parameters, files.program) == expected


@pytest.mark.slow
def test_truncated_at_any_byte(files: Files) -> None:
    content = files.parameters.read_bytes()
    assert len(content) > 4 * (4 + 108)
    for size in range(len(content)):
        files.parameters.write_bytes(content[:size])
        with pytest.raises(BadFileError, match="is truncated") as caught:
            check_parameters(files.parameters, files.program)
        assert str(files.parameters) in str(caught.value)
        assert re.search("'w_(Bias|Filter)'", str(caught.value))


def test_empty(files: Files) -> None:
    files.parameters.write_bytes(b"")
    with pytest.raises(BadFileError, match="ends at byte 0, before 'w_Bias'"):
        check_parameters(files.parameters, files.program)


def test_too_long(files: Files) -> None:
    files.parameters.write_bytes(files.parameters.read_bytes() + b"12345")
    with pytest.raises(BadFileError, match="of another model: 5 bytes are left over"):
        check_parameters(files.parameters, files.program)


def test_of_another_model(files: Files) -> None:
    write_operator_model(convolution(3, 8), files.parameters.with_suffix(""))
    with pytest.raises(BadFileError, match=r"'w_Bias' should be \(4,\) and is \(8,\)"):
        check_parameters(files.parameters, files.program)


@pytest.mark.parametrize("content", [b"no parameters at all, but long enough", b"\xff" * 600])
def test_no_parameters(files: Files, content: bytes) -> None:
    files.parameters.write_bytes(content)
    with pytest.raises(BadFileError, match="byte 0, where 'w_Bias' should start, is no tensor"):
        check_parameters(files.parameters, files.program)
    with pytest.raises(BadFileError, match="does not hold the parameters"):
        stored_shapes(files.parameters, files.program)


def test_damaged_inside(files: Files) -> None:
    content = bytearray(files.parameters.read_bytes())
    content[20:24] = b"\xff\xff\xff\xff"  # the description of the first tensor
    files.parameters.write_bytes(content)
    with pytest.raises(BadFileError, match="is no tensor"):
        check_parameters(files.parameters, files.program)


def test_missing(files: Files) -> None:
    files.parameters.unlink()
    for read in (check_parameters, stored_shapes):
        with pytest.raises(BadFileError, match=r"cannot read .*model\.pdiparams: No such file"):
            read(files.parameters, files.program)


def test_a_program_that_does_not_say_an_extent_or_a_type(files: Files) -> None:
    (bias,) = (variable for variable in files.program.blocks[0].vars if variable.name == "w_Bias")
    bias.type.dense_tensor.tensor.dims[:] = [-1]
    with pytest.raises(BadFileError, match=r"'w_Bias' should be \(-1,\) and is \(4,\)"):
        check_parameters(files.parameters, files.program)
    bias.type.ClearField("dense_tensor")
    with pytest.raises(BadFileError, match=r"'w_Bias' should be \(\) and is \(4,\)"):
        check_parameters(files.parameters, files.program)


def test_written_tensors_are_sorted_and_32_bits_wide(tmp_path: Path, files: Files) -> None:
    filters = np.ones((4, 3, 3, 3), np.float64)
    write_parameters(tmp_path / "own", {"w_Filter": filters, "w_Bias": np.zeros(4)})
    check_parameters(tmp_path / "own", files.program)
    assert (tmp_path / "own").read_bytes().endswith(np.ones(108, np.float32).tobytes())


TYPES = {0: "bool", 1: "int16", 2: "int32", 3: "int64", 4: "float16", 5: "float32"}
LESS_USED_TYPES = {6: "float64", 20: "uint8", 21: "int8"}


@pytest.mark.parametrize(("number", "element_type"), [*TYPES.items(), *LESS_USED_TYPES.items()])
def test_values_of_every_type_are_read_as_they_were_written(
    files: Files, number: int, element_type: str
) -> None:
    values = {
        "w_Bias": np.arange(4).astype(element_type),
        "w_Filter": np.arange(108, dtype=np.float32).reshape(4, 3, 3, 3),
    }
    for variable in files.program.blocks[0].vars:
        if variable.name == "w_Bias":
            variable.type.dense_tensor.tensor.data_type = number
    files.parameters.write_bytes(parameter_bytes(values, files.program))
    check_parameters(files.parameters, files.program)
    found = read_parameters(files.parameters, files.program)
    assert list(found) == ["w_Bias", "w_Filter"]
    for name, value in values.items():
        assert (found[name].dtype, found[name].shape) == (value.dtype, value.shape)
        assert np.array_equal(found[name], value)


def test_values_that_do_not_fit_the_program_are_not_written(files: Files) -> None:
    values = read_parameters(files.parameters, files.program)
    with pytest.raises(ModelError, match=r"'w_Filter' should be \[4, 3, 3, 3\] and is \[108\]"):
        parameter_bytes({**values, "w_Filter": values["w_Filter"].ravel()}, files.program)
    with pytest.raises(ModelError, match="nothing to write as parameter 'w_Bias'"):
        parameter_bytes({"w_Filter": values["w_Filter"]}, files.program)


def test_elements_that_numpy_has_not_are_refused(files: Files) -> None:
    content = files.parameters.read_bytes()
    # The bias comes first: behind 20 bytes, its type is the second byte of its description.
    assert content[20:22] == b"\x08\x05"
    files.parameters.write_bytes(content[:21] + b"\x16" + content[22:32] + content[40:])
    with pytest.raises(BadFileError, match=r"'w_Bias' has elements of type 22 \(bfloat16\)"):
        read_parameters(files.parameters, files.program)
