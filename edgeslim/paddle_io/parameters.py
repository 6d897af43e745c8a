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
from edgeslim.files import read_bytes, write_bytes, write_together
from edgeslim.ops import ELEMENT_NUMBERS
from edgeslim.opspec import Shape
from edgeslim.paddle_io.block_edits import new_variable
from edgeslim.paddle_io.call_stacks import drop_call_stacks
from edgeslim.paddle_io.proto import framework

__all__ = [
    "UNUSED_PARAMETER",
    "are_described",
    "check_parameters",
    "combined_parameters",
    "give_unused_parameter",
    "leave_out_empty",
    "parameter_bytes",
    "persistent_tensors",
    "read_parameters",
    "stored_shapes",
    "write_parameters",
    "write_program",
]

UNUSED_PARAMETER = "unused_weight"
"""Of a program that has none, for the optimizer wants at least one."""

_FETCH_AGAIN = "copy or download it again"
_OF_ANOTHER = "give the parameters that were saved with the program"

_HEAD = struct.Struct("<IQIi")
"""Before a tensor's description: version, levels of detail, tensor version, its length."""

_NUMPY_TYPES = {
    number: np.dtype(name).newbyteorder("<")
    for name, number in ELEMENT_NUMBERS.items()
    if name != "bfloat16"
}
"""Of elements in a file, by ``VarType.Type``; NumPy has no bf16."""

_ITEM_BYTES = {ELEMENT_NUMBERS["bfloat16"]: 2} | {
    number: kind.itemsize for number, kind in _NUMPY_TYPES.items()
}


def persistent_tensors(program: Any) -> dict[str, Shape]:  # noqa: ANN401 - a ProgramDesc
    """Shape of each parameter of a program by name, sorted as the file has them."""
    tensor_type = framework().VarType
    found = {
        variable.name: tuple(variable.type.dense_tensor.tensor.dims)
        for variable in program.blocks[0].vars
        if variable.persistable and variable.type.type == tensor_type.DENSE_TENSOR
    }
    return dict(sorted(found.items()))


def check_parameters(path: Path, program: Any, *, exactly: bool = False) -> None:  # noqa: ANN401
    """Proves that a file holds the parameters of a program, whole, by their heads alone.

    Args:
        path: The file.
        program: The ``ProgramDesc``.
        exactly: Whether each has to have the very shape and type that the program says, and
            not only as many elements.

    Raises:
        BadFileError: Truncated, too long, or of another program; says where.
    """
    with _mapped(path) as content:
        if _are_described(content, _encoded_descriptions(program)):
            return
        for _ in _checked_tensors(content, path, program, exactly=exactly):
            pass


def read_parameters(path: Path, program: Any) -> dict[str, np.ndarray[Any, Any]]:  # noqa: ANN401
    """The parameters of a program by name, each with the element type that it is stored in.

    Raises:
        BadFileError: As `check_parameters`, or elements that NumPy has no type for (bfloat16).
    """
    tensors = {}
    content = read_bytes(path)
    for name, shape, element_type, start in _checked_tensors(content, path, program):
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


def are_described(path: Path, descriptions: Mapping[str, bytes]) -> bool:
    """Whether a file holds, whole, tensors of the very descriptions that are given, and no others.

    Args:
        path: The file.
        descriptions: An encoded ``VarType.TensorDesc`` by name.

    Raises:
        BadFileError: Missing or unreadable.
    """
    with _mapped(path) as content:
        return _are_described(content, descriptions)


def _are_described(content: bytes | mmap.mmap, descriptions: Mapping[str, bytes]) -> bool:
    try:
        heads = {
            encoded: (_HEAD.pack(0, 0, 0, len(encoded)) + encoded, _tensor_size(encoded))
            for encoded in set(descriptions.values())
        }
    except ValueError:  # an open extent, or no type: no file has them
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
    """Bytes of a tensor's elements."""
    described = _tensor_description(encoded)
    shape: Shape = tuple(described.dims)
    return math.prod(shape) * _ITEM_BYTES[described.data_type]


@contextmanager
def _mapped(path: Path) -> Iterator[bytes | mmap.mmap]:
    """A file's content, of which only what is looked at is read.

    Raises:
        BadFileError: Missing or unreadable.
    """
    try:
        with path.open("rb") as stream:
            if os.fstat(stream.fileno()).st_size == 0:  # which cannot be mapped
                yield b""
                return
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
                yield content
    except OSError as error:
        raise BadFileError(f"cannot read {path}: {error.strerror or error}") from error


def _checked_tensors(
    content: bytes | mmap.mmap,
    path: Path,
    program: Any,  # noqa: ANN401
    *,
    exactly: bool = False,
) -> Iterator[tuple[str, Shape, int, int]]:
    """Name, shape, type and start of each tensor of a file; raises as `check_parameters`."""
    types = {
        variable.name: variable.type.dense_tensor.tensor.data_type
        for variable in program.blocks[0].vars
    }
    position = 0
    for name, shape in persistent_tensors(program).items():
        if position >= len(content):
            raise BadFileError(
                f"{path} is truncated: it ends at byte {position}, before {name!r}; {_FETCH_AGAIN}"
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
                f"{position}; {_FETCH_AGAIN}"
            ) from error
        found = tuple(description.dims)
        if end > len(content):
            raise BadFileError(
                f"{path} is truncated: {name!r} needs {end} bytes and the file has "
                f"{len(content)}; {_FETCH_AGAIN}"
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
    """Parameters that have a file each, as Paddle 1 saved them, as a combined file holds them.

    Raises:
        BadFileError: One is missing or cannot be read.
    """
    return b"".join(read_bytes(folder / name) for name in persistent_tensors(program))


def stored_shapes(path: Path, program: Any) -> dict[str, Shape]:  # noqa: ANN401 - a ProgramDesc
    """Shape of each parameter by name as the file has it, whatever the program says.

    The optimizer merges weights without telling the description of their new shape.

    Raises:
        BadFileError: Unreadable, or no tensor where one should be.
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
    """Description of the tensor at a place, where its elements start, and where they end.

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
    start = position + length
    size = math.prod(description.dims) * _ITEM_BYTES[description.data_type]
    return description, start, start + size


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
    types = framework().VarType
    write_bytes(
        path,
        b"".join(
            _serialised(
                tensors[name], types.INT32 if tensors[name].dtype.kind == "i" else types.FP32
            )
            for name in sorted(tensors)
        ),
    )


def parameter_bytes(tensors: Mapping[str, np.ndarray[Any, Any]], program: Any) -> bytes:  # noqa: ANN401
    """What a combined file of a program's parameters holds, of the types that the program says.

    Args:
        tensors: A value for each of `persistent_tensors`; others are left out.
        program: The ``ProgramDesc``.

    Raises:
        ModelError: One is missing, has another shape, or a type that NumPy has not.
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
        content.append(_serialised(tensors[name], types[name]))
    return b"".join(content)


def leave_out_empty(program: Any, path: Path) -> None:  # noqa: ANN401
    """Takes parameters without elements, which no operator reads, from a program and its file.

    Recurrent layers that are built in Paddle 3's static mode keep their dropout's state as one,
    and `opt` ends its process where a parameter holds nothing.

    Args:
        program: The ``ProgramDesc``, changed in place.
        path: Its parameters, written anew where there are such.

    Raises:
        BadFileError: As `read_parameters`.
        UnwritableError: Read-only folder, full disk.
    """
    (block, *_) = program.blocks
    read = {name for op in block.ops for slot in op.inputs for name in slot.arguments}
    empty = {name for name, shape in persistent_tensors(program).items() if 0 in shape} - read
    if not empty:
        return
    values = read_parameters(path, program)
    for variable in block.vars:
        if variable.name in empty:
            variable.persistable = variable.is_parameter = False
    if not give_unused_parameter(program, path):
        write_bytes(path, parameter_bytes(values, program))


def give_unused_parameter(program: Any, path: Path) -> bool:  # noqa: ANN401
    """Gives a program without parameters the one that the optimizer wants; says whether it did.

    Args:
        program: The ``ProgramDesc``, changed in place.
        path: Where its parameters are written.

    Raises:
        UnwritableError: Read-only folder, full disk.
    """
    if persistent_tensors(program):
        return False
    name = new_variable(program.blocks[0], UNUSED_PARAMETER, (1,), persistable=True)
    write_parameters(path, {name: np.ones((1,), np.float32)})
    return True


def write_program(
    prefix: Path,
    program: Any,  # noqa: ANN401 - a ProgramDesc
    tensors: Mapping[str, np.ndarray[Any, Any]],
) -> None:
    """Writes a saved model, ``prefix.pdmodel`` and ``prefix.pdiparams``, both or none.

    The program is left without its call stacks.

    Raises:
        ModelError: As `parameter_bytes`.
        UnwritableError: Read-only folder, full disk.
    """
    drop_call_stacks(program)
    write_together(
        {
            Path(f"{prefix}.pdiparams"): parameter_bytes(tensors, program),
            Path(f"{prefix}.pdmodel"): program.SerializeToString(),
        }
    )


def _serialised(tensor: np.ndarray[Any, Any], element_type: int) -> bytes:
    elements = np.ascontiguousarray(tensor, dtype=_NUMPY_TYPES[element_type]).tobytes()
    description = framework().VarType.TensorDesc(data_type=element_type, dims=tensor.shape)
    encoded: bytes = description.SerializeToString()
    return _HEAD.pack(0, 0, 0, len(encoded)) + encoded + elements
