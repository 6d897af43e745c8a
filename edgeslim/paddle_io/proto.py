"""The protobuf classes of Paddle's program descriptions, without importing Paddle.

``import paddle`` takes seconds and starts threads; its generated module for descriptions is a
single file and is loaded alone.
"""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from edgeslim.errors import BadFileError, ModelError, ProgramNotFoundError
from edgeslim.files import read_bytes
from edgeslim.opspec import Attribute

__all__ = ["add_attribute", "attribute_value", "framework", "parse_program", "read_program"]

_POINTER = b"version https://git-lfs"

_MODULE = "paddle.base.proto.framework_pb2"


@cache
def framework() -> ModuleType:
    """The module ``framework_pb2`` of the installed Paddle."""
    loaded = sys.modules.get(_MODULE)
    if loaded is not None:
        return loaded
    found = importlib.util.find_spec("paddle")
    if found is None or not found.submodule_search_locations:
        raise ProgramNotFoundError("Paddle is not installed; pip install 'paddlepaddle==3.3.1'")
    file = Path(found.submodule_search_locations[0], "base", "proto", "framework_pb2.py")
    spec = importlib.util.spec_from_file_location("edgeslim_framework_pb2", file)
    if spec is None or spec.loader is None or not file.exists():
        raise ProgramNotFoundError(f"this Paddle has no {file.name}; paddlepaddle==3.3.1 has")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_program(path: Path) -> Any:  # noqa: ANN401 - generated classes have no static type
    """Reads the ``ProgramDesc`` in a file.

    Raises:
        BadFileError: The file is missing, empty, or not a program.
    """
    return parse_program(read_bytes(path), path)


def parse_program(content: bytes, path: Path) -> Any:  # noqa: ANN401
    """Reads a ``ProgramDesc`` as `read_program`, from bytes; ``path`` is for messages."""
    from google.protobuf.message import DecodeError

    program = framework().ProgramDesc()
    try:
        program.ParseFromString(content)
    except DecodeError as error:
        pointer = content.startswith(_POINTER)
        mend = ": it is a pointer of Git LFS; git lfs pull fetches the file" if pointer else ""
        raise BadFileError(f"{path} is not a Paddle program description{mend}") from error
    if not program.blocks or not program.blocks[0].ops:
        raise BadFileError(f"{path} is not a Paddle program description: it has no operators")
    return program


def attribute_value(attribute: Any) -> Any:  # noqa: ANN401 - an OpDesc.Attr
    """The value of an attribute by its declared type, perhaps a list.

    Raises:
        ModelError: The type has no value that is computed with, such as a block.
    """
    field = _fields().get(attribute.type)
    if field is None:
        raise ModelError(f"attribute {attribute.name!r} has a type edgeslim does not read")
    value = getattr(attribute, field)
    if field == "scalar":
        return _scalar(value)
    if field == "scalars":
        return [_scalar(item) for item in value]
    if field == "f":
        return _decimal(value)
    if field == "floats":
        return [_decimal(item) for item in value]
    return value if isinstance(value, (bool, int, float, str)) else list(value)


@cache
def _fields() -> dict[int, str]:
    """The field of an attribute that holds its value, by the declared type."""
    types = framework().AttrType
    return {
        types.INT: "i",
        types.FLOAT: "f",
        types.STRING: "s",
        types.INTS: "ints",
        types.FLOATS: "floats",
        types.STRINGS: "strings",
        types.BOOLEAN: "b",
        types.BOOLEANS: "bools",
        types.LONG: "l",
        types.LONGS: "longs",
        types.FLOAT64: "float64",
        types.FLOAT64S: "float64s",
        types.SCALAR: "scalar",
        types.SCALARS: "scalars",
    }


def _decimal(value: float) -> float:
    """The shortest decimal number with the same 32 bits: 0.1, not 0.10000000149."""
    return float(str(np.float32(value)))


def _scalar(scalar: Any) -> bool | int | float:  # noqa: ANN401
    """The value of a number that has its own type."""
    types = framework().Scalar.Type
    field = {types.BOOLEAN: "b", types.LONG: "i", types.FLOAT64: "r"}.get(scalar.type)
    if field is None:
        raise ModelError("a complex number among the attributes, which edgeslim does not read")
    value: bool | int | float = getattr(scalar, field)
    return value


def add_attribute(
    op: Any,  # noqa: ANN401 - an OpDesc
    name: str,
    value: Attribute,
    *,
    like: Attribute = (0,),
    long: bool = False,
) -> None:
    """Adds an attribute to an operator's description, of the value's type.

    Args:
        op: The operator's description, an ``OpDesc``.
        name: Name of the attribute.
        value: Value of the attribute.
        like: A value of the same type, which decides the type of an empty list.
        long: Whether integers have 64 bits.
    """
    types = framework().AttrType
    attribute = op.attrs.add(name=name)
    if isinstance(value, bool):
        attribute.type, attribute.b = types.BOOLEAN, value
    elif isinstance(value, int) and long:
        attribute.type, attribute.l = types.LONG, value
    elif isinstance(value, int):
        attribute.type, attribute.i = types.INT, value
    elif isinstance(value, float):
        attribute.type, attribute.f = types.FLOAT, value
    elif isinstance(value, str):
        attribute.type, attribute.s = types.STRING, value
    elif all(isinstance(item, int) for item in value or _list(like)):
        attribute.type = types.LONGS if long else types.INTS
        (attribute.longs if long else attribute.ints).extend(int(item) for item in value)
    else:
        attribute.type = types.FLOATS
        attribute.floats.extend(value)


def _list(value: Attribute) -> tuple[int, ...] | tuple[float, ...]:
    return value if isinstance(value, tuple) else ()
