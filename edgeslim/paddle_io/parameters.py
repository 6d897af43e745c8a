"""The combined parameter file (``.pdiparams``, ``__params__``).

Tensors follow each other in the order of their names. Each is a version, levels of
detail, a tensor version, a small protobuf description and the raw elements, little
endian (Paddle, ``paddle/fluid/framework/lod_tensor.cc``, ``SerializeToStream``).
"""

from __future__ import annotations

import math
import mmap
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.errors import BadFileError, ModelError
from edgeslim.files import read_bytes, write_bytes, write_files
from edgeslim.ops import ELEMENT_NUMBERS
from edgeslim.opspec import Shape
from edgeslim.paddle_io.call_stacks import drop_call_stacks
from edgeslim.paddle_io.proto import framework

__all__ = [
    "check_parameters",
    "combined_parameters",
    "has_descriptions",
    "parameter_bytes",
    "persistent_tensors",
    "read_parameters",
    "stored_shapes",
    "write_parameters",
    "write_program",
]

_COPY_AGAIN = "copy or download it again"
_OF_ANOTHER = "give the parameters that were saved with the program"

_HEAD = struct.Struct("<IQIi")
"""The head of a tensor: version, levels of detail, tensor version, length of its description."""

_NUMPY_TYPES = {
    number: np.dtype(name).newbyteorder("<")
    for name, number in ELEMENT_NUMBERS.items()
    if name != "bfloat16"
}
"""NumPy's types of elements in a file, by ``VarType.Type``; NumPy has no bfloat16."""

_ITEM_BYTES = {ELEMENT_NUMBERS["bfloat16"]: 2} | {
    number: kind.itemsize for number, kind in _NUMPY_TYPES.items()
}


def persistent_tensors(program: Any) -> dict[str, Shape]:  # noqa: ANN401 - a ProgramDesc
    """The shape of each parameter of a program by name, in the order of the file."""
    tensor_type = framework().VarType
    found = {
        variable.name: tuple(variable.type.dense_tensor.tensor.dims)
        for variable in program.blocks[0].vars
        if variable.persistable and variable.type.type == tensor_type.DENSE_TENSOR
    }
    return dict(sorted(found.items()))


def check_parameters(path: Path, program: Any, *, exactly: bool = False) -> None:  # noqa: ANN401
    """Checks by the heads of its tensors that a file holds all parameters of a program.

    Args:
        path: Path of the combined file.
        program: The ``ProgramDesc`` of the program.
        exactly: Whether each parameter needs the shape and type in the program, and not only as
            many elements.

    Raises:
        BadFileError: The file is truncated, too long, or of another program.
    """
    with _map_file(path) as content:
        if _has_descriptions(content, _encoded_descriptions(program)):
            return
        for _ in _check_tensors(content, path, program, exactly=exactly):
            pass


def read_parameters(path: Path, program: Any) -> dict[str, np.ndarray[Any, Any]]:  # noqa: ANN401
    """Reads the parameters of a program by name, each with its stored type of elements.

    Raises:
        BadFileError: As `check_parameters`, or the elements are bfloat16.
    """
    tensors = {}
    content = read_bytes(path)
    for name, shape, element_type, start in _check_tensors(content, path, program):
        if element_type not in _NUMPY_TYPES:
            raise BadFileError(f"{path}: {name!r} has elements of type {element_type} (bfloat16)")
        count = math.prod(shape)
        elements = np.frombuffer(content, _NUMPY_TYPES[element_type], count, start)
        tensors[name] = elements.reshape(shape).copy()
    return tensors


def _encoded_descriptions(program: Any) -> dict[str, bytes]:  # noqa: ANN401 - a ProgramDesc
    dense = framework().VarType.DENSE_TENSOR
    return {
        variable.name: _encoded_description(variable.type)
        for variable in program.blocks[0].vars
        if variable.persistable and variable.type.type == dense
    }


def _encoded_description(kind: Any) -> bytes:  # noqa: ANN401 - a VarType
    encoded: bytes = b""
    if kind.HasField("dense_tensor"):
        encoded = kind.dense_tensor.tensor.SerializeToString()
    return encoded


def has_descriptions(path: Path, descriptions: Mapping[str, bytes]) -> bool:
    """Whether a file holds tensors of exactly these descriptions, complete, and no others.

    Args:
        path: Path of the combined file.
        descriptions: An encoded ``VarType.TensorDesc`` for each tensor by name.

    Raises:
        BadFileError: The file is missing or unreadable.
    """
    with _map_file(path) as content:
        return _has_descriptions(content, descriptions)


def _has_descriptions(content: bytes | mmap.mmap, descriptions: Mapping[str, bytes]) -> bool:
    try:
        heads = {
            encoded: (_HEAD.pack(0, 0, 0, len(encoded)) + encoded, _tensor_size(encoded))
            for encoded in set(descriptions.values())
        }
    except ValueError:  # an open extent or an unknown type, which no file has
        return False
    position = 0
    for name in sorted(descriptions):
        head, size = heads[descriptions[name]]
        start = position + len(head)
        if content[position:start] != head:
            return False
        position = start + size
    return position == len(content)


def _tensor_size(encoded: bytes) -> int:
    """Size of a tensor's elements in bytes."""
    described = _tensor_description(encoded)
    shape: Shape = tuple(described.dims)
    return math.prod(shape) * _ITEM_BYTES[described.data_type]


@contextmanager
def _map_file(path: Path) -> Iterator[bytes | mmap.mmap]:
    """A file's content, mapped into memory, so that only accessed parts are read.

    Raises:
        BadFileError: The file is missing or unreadable.
    """
    try:
        with path.open("rb") as stream:
            if os.fstat(stream.fileno()).st_size == 0:  # an empty file cannot be mapped
                yield b""
                return
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
                yield content
    except OSError as error:
        raise BadFileError(f"cannot read {path}: {error.strerror or error}") from error


def _check_tensors(
    content: bytes | mmap.mmap,
    path: Path,
    program: Any,  # noqa: ANN401
    *,
    exactly: bool = False,
) -> Iterator[tuple[str, Shape, int, int]]:
    """Name, shape, type and start of each tensor of a file; raises errors as `check_parameters`."""
    types = {
        variable.name: variable.type.dense_tensor.tensor.data_type
        for variable in program.blocks[0].vars
    }
    position = 0
    for name, shape in persistent_tensors(program).items():
        if position >= len(content):
            raise BadFileError(
                f"{path} is truncated: it ends at byte {position}, before {name!r}; {_COPY_AGAIN}"
            )
        try:
            description, start, end = _tensor_at(content, position)
        except ValueError as error:
            raise BadFileError(
                f"{path}: byte {position}, where {name!r} should start, is no tensor"
            ) from error
        except EOFError as error:
            raise BadFileError(
                f"{path} is truncated: it ends in the head of {name!r}, which starts at byte "
                f"{position}; {_COPY_AGAIN}"
            ) from error
        found = tuple(description.dims)
        if end > len(content):
            raise BadFileError(
                f"{path} is truncated: {name!r} needs {end} bytes and the file has "
                f"{len(content)}; {_COPY_AGAIN}"
            )
        if math.prod(found) != math.prod(shape) or (exactly and found != shape):
            raise BadFileError(
                f"{path} is of another model: {name!r} should be {shape} and is {found}; "
                f"{_OF_ANOTHER}"
            )
        if exactly and description.data_type != types[name]:
            raise BadFileError(
                f"{path} is of another model: {name!r} should have elements of type "
                f"{types[name]} and has {description.data_type}"
            )
        yield name, found, description.data_type, start
        position = end
    if position != len(content):
        raise BadFileError(
            f"{path} is of another model: {len(content) - position} bytes are left over; "
            f"{_OF_ANOTHER}"
        )


def combined_parameters(folder: Path, program: Any) -> bytes:  # noqa: ANN401 - a ProgramDesc
    """The content of a combined file, made of the files of single parameters of Paddle 1.

    Raises:
        BadFileError: A file is missing or cannot be read.
    """
    return b"".join(read_bytes(folder / name) for name in persistent_tensors(program))


def stored_shapes(path: Path, program: Any) -> dict[str, Shape]:  # noqa: ANN401 - a ProgramDesc
    """The shape of each parameter in the file by name, which may differ from the program's.

    The optimizer merges weights without updating the shapes in the description.

    Raises:
        BadFileError: The file is unreadable, or does not hold the parameters.
    """
    content = read_bytes(path)
    try:
        shapes, position = {}, 0
        for name in persistent_tensors(program):
            description, _, position = _tensor_at(content, position)
            shapes[name] = tuple(description.dims)
    except (EOFError, ValueError) as error:
        raise BadFileError(f"{path} does not hold the parameters of its program") from error
    return shapes


def _tensor_at(content: bytes | mmap.mmap, position: int) -> tuple[Any, int, int]:
    """Description of the tensor at a position, and start and end of its elements.

    Raises:
        EOFError: The content ends before the elements start.
        ValueError: There is no tensor at the position.
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
    start = position + length
    size = math.prod(description.dims) * _ITEM_BYTES[description.data_type]
    return description, start, start + size


def _tensor_description(encoded: bytes) -> Any:  # noqa: ANN401 - generated classes have no type
    from google.protobuf.message import DecodeError

    try:
        description = framework().VarType.TensorDesc.FromString(encoded)
    except DecodeError as error:
        raise ValueError("not a tensor's description") from error
    if description.data_type not in _ITEM_BYTES or any(extent < 0 for extent in description.dims):
        raise ValueError(f"{description.data_type=} {list(description.dims)}")
    return description


def write_parameters(path: Path, tensors: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Writes tensors as a combined file of 32-bit elements: integers as int32, others as floats."""
    types = framework().VarType
    write_bytes(
        path,
        b"".join(
            _serialize(
                tensors[name], types.INT32 if tensors[name].dtype.kind == "i" else types.FP32
            )
            for name in sorted(tensors)
        ),
    )


def parameter_bytes(tensors: Mapping[str, np.ndarray[Any, Any]], program: Any) -> bytes:  # noqa: ANN401
    """The content of a combined file of a program's parameters, of the program's types.

    Args:
        tensors: A value for each of `persistent_tensors`; others are left out.
        program: The ``ProgramDesc`` of the program.

    Raises:
        ModelError: A parameter is missing, has another shape, or is bfloat16.
    """
    types = {
        variable.name: variable.type.dense_tensor.tensor.data_type
        for variable in program.blocks[0].vars
    }
    content = []
    for name, shape in persistent_tensors(program).items():
        if name not in tensors or types[name] not in _NUMPY_TYPES:
            raise ModelError(f"there is nothing to write as parameter {name!r}")
        if tensors[name].shape != shape:
            raise ModelError(
                f"parameter {name!r} should be {list(shape)} and is {list(tensors[name].shape)}"
            )
        content.append(_serialize(tensors[name], types[name]))
    return b"".join(content)


def write_program(
    prefix: Path,
    program: Any,  # noqa: ANN401 - a ProgramDesc
    tensors: Mapping[str, np.ndarray[Any, Any]],
) -> None:
    """Writes a saved model, ``prefix.pdmodel`` and ``prefix.pdiparams``, both or none.

    The program's call stacks are removed.

    Raises:
        ModelError: As `parameter_bytes`.
        UnwritableError: The folder is read-only or the disk is full.
    """
    drop_call_stacks(program)
    write_files(
        {
            Path(f"{prefix}.pdiparams"): parameter_bytes(tensors, program),
            Path(f"{prefix}.pdmodel"): program.SerializeToString(),
        }
    )


def _serialize(tensor: np.ndarray[Any, Any], element_type: int) -> bytes:
    elements = np.ascontiguousarray(tensor, dtype=_NUMPY_TYPES[element_type]).tobytes()
    description = framework().VarType.TensorDesc(data_type=element_type, dims=tensor.shape)
    encoded: bytes = description.SerializeToString()
    return _HEAD.pack(0, 0, 0, len(encoded)) + encoded + elements
