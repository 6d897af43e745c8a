"""The combined parameter file (``.pdiparams``, ``__params__``).

Tensors follow each other in the order of their names. Each is a version, levels of
detail, a tensor version, a small protobuf description and the raw elements, little
endian (Paddle, ``paddle/fluid/framework/lod_tensor.cc``, ``SerializeToStream``).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.errors import BadFileError
from edgeslim.files import write_bytes
from edgeslim.opspec import Shape
from edgeslim.paddle_io.proto import framework

__all__ = [
    "check_parameters",
    "persistent_tensors",
    "read_parameters",
    "stored_shapes",
    "write_parameters",
]

_NUMPY_TYPES = {
    0: "?",
    1: "<i2",
    2: "<i4",
    3: "<i8",
    4: "<f2",
    5: "<f4",
    6: "<f8",
    20: "u1",
    21: "i1",
}
"""Elements as NumPy calls them, but for bf16, which it does not know."""

_ITEM_BYTES = {0: 1, 1: 2, 2: 4, 3: 8, 4: 2, 5: 4, 6: 8, 20: 1, 21: 1, 22: 2}
"""Size of an element by ``VarType.Type``: bool, int16 … fp64, uint8, int8, bf16."""


def persistent_tensors(program: Any) -> dict[str, Shape]:  # noqa: ANN401 - a ProgramDesc
    """Shape of each parameter of a program by name, sorted as the file has them."""
    tensor_type = framework().VarType
    found = {
        variable.name: tuple(variable.type.dense_tensor.tensor.dims)
        for variable in program.blocks[0].vars
        if variable.persistable and variable.type.type == tensor_type.DENSE_TENSOR
    }
    return dict(sorted(found.items()))


def check_parameters(path: Path, program: Any) -> None:  # noqa: ANN401 - a ProgramDesc
    """Proves that a file holds the parameters of a program, whole.

    Raises:
        BadFileError: Truncated, too long, or of another program; says where.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadFileError(f"cannot read {path}: {error.strerror or error}") from error
    position = 0
    for name, shape in persistent_tensors(program).items():
        if position >= len(content):
            raise BadFileError(f"{path} is truncated: it ends at byte {position}, before {name!r}")
        try:
            found, end = _tensor_at(content, position)
        except ValueError as error:
            raise BadFileError(
                f"{path}: byte {position}, where {name!r} should start, is no tensor"
            ) from error
        except EOFError as error:
            raise BadFileError(
                f"{path} is truncated: it ends in the head of {name!r}, which starts at byte "
                f"{position}"
            ) from error
        if end > len(content):
            raise BadFileError(
                f"{path} is truncated: {name!r} needs {end} bytes and the file has {len(content)}"
            )
        if math.prod(found) != math.prod(shape):
            raise BadFileError(
                f"{path} is of another model: {name!r} should be {shape} and is {found}"
            )
        position = end
    if position != len(content):
        raise BadFileError(
            f"{path} is of another model: {len(content) - position} bytes are left over"
        )


def stored_shapes(path: Path, program: Any) -> dict[str, Shape]:  # noqa: ANN401 - a ProgramDesc
    """Shape of each parameter by name as the file has it, whatever the program says.

    The optimizer merges weights without telling the description of their new shape.

    Raises:
        BadFileError: Unreadable, or no tensor where one should be.
    """
    try:
        content = path.read_bytes()
        shapes, position = {}, 0
        for name in persistent_tensors(program):
            shapes[name], position = _tensor_at(content, position)
    except OSError as error:
        raise BadFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (EOFError, ValueError) as error:
        raise BadFileError(f"{path} does not hold the parameters of its program") from error
    return shapes


def read_parameters(
    path: Path,
    program: Any,  # noqa: ANN401 - a ProgramDesc
) -> dict[str, np.ndarray[Any, Any]]:
    """The parameters of a program by name, each of its own type.

    Raises:
        BadFileError: Truncated, too long, or of another program.
    """
    check_parameters(path, program)
    content, position = path.read_bytes(), 0
    tensors: dict[str, np.ndarray[Any, Any]] = {}
    for name in persistent_tensors(program):
        shape, end = _tensor_at(content, position)
        element = next(
            variable.type.dense_tensor.tensor.data_type
            for variable in program.blocks[0].vars
            if variable.name == name
        )
        if element not in _NUMPY_TYPES:
            raise BadFileError(f"{path}: {name!r} has elements that edgeslim does not read")
        size = math.prod(shape) * _ITEM_BYTES[element]
        values = np.frombuffer(content[end - size : end], np.dtype(_NUMPY_TYPES[element]))
        tensors[name] = values.reshape(shape).copy()
        position = end
    return tensors


def _tensor_at(content: bytes, position: int) -> tuple[Shape, int]:
    """Shape of the tensor at a place, and where the next one starts.

    Raises:
        EOFError: The content ends before the elements start.
        ValueError: There is no tensor.
    """
    try:
        version, levels = struct.unpack_from("<IQ", content, position)
        if version != 0 or levels > 64:
            raise ValueError(f"{version=} {levels=}")
        position += 12
        for _ in range(levels):
            (size,) = struct.unpack_from("<Q", content, position)
            position += 8 + size
        tensor_version, length = struct.unpack_from("<Ii", content, position)
    except struct.error as error:
        raise EOFError from error
    position += 8
    if tensor_version != 0 or not 0 <= length <= 1024:
        raise ValueError(f"{tensor_version=} {length=}")
    if position + length > len(content):
        raise EOFError
    description = _tensor_description(content[position : position + length])
    shape = tuple(description.dims)
    return shape, position + length + math.prod(shape) * _ITEM_BYTES[description.data_type]


def _tensor_description(encoded: bytes) -> Any:  # noqa: ANN401 - generated classes have no type
    from google.protobuf.message import DecodeError

    try:
        description = framework().VarType.TensorDesc.FromString(encoded)
    except DecodeError as error:
        raise ValueError("not a tensor's description") from error
    if description.data_type not in _ITEM_BYTES or any(each < 0 for each in description.dims):
        raise ValueError(f"{description.data_type=} {list(description.dims)}")
    return description


def write_parameters(path: Path, tensors: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Writes tensors as a combined file, 32 bits wide: whole numbers as such, others as floats."""
    write_bytes(path, b"".join(_serialised(tensors)))


def _serialised(tensors: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[bytes]:
    var_type = framework().VarType
    for name in sorted(tensors):
        whole = tensors[name].dtype.kind == "i"
        tensor = np.ascontiguousarray(tensors[name], dtype="<i4" if whole else "<f4")
        element_type = var_type.INT32 if whole else var_type.FP32
        description = var_type.TensorDesc(data_type=element_type, dims=tensor.shape)
        encoded = description.SerializeToString()
        yield struct.pack("<IQIi", 0, 0, 0, len(encoded)) + encoded + tensor.tobytes()
