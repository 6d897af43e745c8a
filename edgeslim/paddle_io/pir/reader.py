"""The file ``inference.json`` as values: parameters, operators, their types and attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from edgeslim.errors import BadFileError
from edgeslim.opspec import Shape
from edgeslim.paddle_io.pir.document import (
    NEWEST_VERSION,
    WrittenOperator,
    WrittenResult,
    WrittenValue,
    read_document,
)

__all__ = [
    "NEWEST_VERSION",
    "NO_TENSOR",
    "Operation",
    "OperationResult",
    "Parameter",
    "PirProgram",
    "TensorType",
    "read_pir",
]

_DIALECTS = {"0": "builtin", "1": "pd_op", "2": "cf", "3": "custom_op", "4": "dist"}

_ELEMENTS = {
    "0.t_bool": "bool",
    "0.t_i8": "int8",
    "0.t_ui8": "uint8",
    "0.t_i16": "int16",
    "0.t_i32": "int32",
    "0.t_i64": "int64",
    "0.t_f16": "float16",
    "0.t_bf16": "bfloat16",
    "0.t_f32": "float32",
    "0.t_f64": "float64",
    "0.t_c64": "complex64",
    "0.t_c128": "complex128",
}
"""NumPy's name of each type of elements, by the format's name."""

NO_TENSOR: Final = "none"
"""The type of elements of a result that is left out."""

_IRRELEVANT_ATTRIBUTES = frozenset(
    ("force_backend", "op_callstack", "op_role", "op_dist_attr", "place", "struct_name")
)
"""Attributes of any operator that do not change what it computes."""

_NOT_FINITE = {"INF": float("inf"), "-INF": float("-inf"), "NaN": float("nan")}


class TensorType(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """The type of a tensor's elements, by NumPy's name, and its shape; open extents are -1."""

    element: str
    shape: Shape


class OperationResult(msgspec.Struct, frozen=True, gc=False):
    """A value that an operator makes.

    Args:
        number: Its number in the file, by which operators refer to it.
        types: Type and shape of each tensor in it.
        is_list: Whether it is a list of tensors.
    """

    number: int
    types: tuple[TensorType, ...]
    is_list: bool


class Parameter(msgspec.Struct, frozen=True, gc=False):
    """A tensor that comes with the program.

    Args:
        name: Its name in the parameters' file.
        number: Its number in the file, by which operators refer to it.
        type: Type of its elements, and its shape.
        is_stored: Whether it is in the parameters' file at all.
    """

    name: str
    number: int
    type: TensorType
    is_stored: bool


class Operation(msgspec.Struct, frozen=True, gc=False):
    """An operator.

    Args:
        name: Its name with its dialect, such as ``pd_op.conv2d``.
        operands: Numbers of the values that it reads; 0 where one is left out.
        results: The values that it makes, in order.
        attributes: Values by name: numbers, texts, lists of them; without those that do not change
            what is computed. Operators with the same ones share one object.
    """

    name: str
    operands: tuple[int, ...]
    results: tuple[OperationResult, ...]
    attributes: Mapping[str, Any]

    @property
    def dialect(self) -> str:
        """The dialect that the operator belongs to: ``pd_op`` is Paddle's own."""
        return self.name.partition(".")[0]

    @property
    def short_name(self) -> str:
        """The operator's name within its dialect."""
        return self.name.partition(".")[2]


class PirProgram(msgspec.Struct, frozen=True, gc=False):
    """A program as the file has it.

    Args:
        version: The version of the file's format.
        parameters: The parameters, in the order of the file.
        operations: The operators, in the order they run.
    """

    version: int
    parameters: tuple[Parameter, ...]
    operations: tuple[Operation, ...]


_VALUE_DECODER = msgspec.json.Decoder(WrittenValue)
_DECODER = msgspec.json.Decoder()


class _MisreadError(Exception):
    """A type or a value that cannot be decoded, and the key of the operator that holds it."""

    def __init__(self, why: Exception, key: str) -> None:
        super().__init__(str(why))
        self.key = key


_Types = tuple[tuple[TensorType, ...], bool]
"""The types of the tensors in a result, and whether the result is a list of them."""

_EncodedAttributes = tuple[tuple[str, bytes], ...]
"""Attributes of an operator: names, and values as the file has them."""


class _CachedReaders:
    """Readers of names, types and attributes; most of these come again, and each is read once."""

    def __init__(self) -> None:
        self.name: Callable[[str], str] = cache(_full_name)
        self.is_stored: Callable[[bytes], bool] = cache(_is_stored)
        self.types: Callable[[bytes], _Types] = cache(_types)
        self.attributes: Callable[[_EncodedAttributes], Mapping[str, Any]] = cache(_attributes)


def read_pir(path: Path) -> PirProgram:
    """Reads the program in a file.

    Raises:
        BadFileError: The file is missing, cut off, damaged, or no program of Paddle's.
        ModelError: The format's version is newer than those that edgeslim knows.
    """
    document, version = read_document(path)
    parameters: list[Parameter] = []
    operations: list[Operation] = []
    readers = _CachedReaders()
    try:
        # A program has one region of one block; control flow within it is refused later.
        ((block,),) = (region.blocks for region in document.program.regions)
        for operator in block.operators:
            if operator.name == "p":
                parameters.append(_parameter(operator, readers))
            else:
                operations.append(_operation(operator, readers))
    except _MisreadError as error:
        place = len(parameters) + len(operations)
        raise BadFileError(
            f"{path} is damaged: {error} - in "
            f"`$.program.regions[0].blocks[0].ops[{place}].{error.key}`"
        ) from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        place = len(parameters) + len(operations)
        raise BadFileError(
            f"{path} is damaged at operator {place} of its program "
            f"({type(error).__name__}: {error})"
        ) from error
    if not operations:
        raise BadFileError(f"{path} is damaged: its program has no operators")
    return PirProgram(version=version, parameters=tuple(parameters), operations=tuple(operations))


def _parameter(operator: WrittenOperator, readers: _CachedReaders) -> Parameter:
    name = operator.attributes[3]
    if not isinstance(name, str) or isinstance(operator.results, tuple):
        raise TypeError(f"a parameter is called {name!r}")
    (kind,), _ = readers.types(bytes(operator.results.type))
    return Parameter(
        name=name,
        number=operator.results.number,
        type=kind,
        is_stored=readers.is_stored(bytes(operator.of_results)),
    )


def _is_stored(written: bytes) -> bool:
    return bool(_decode(_DECODER, written, "OA")[0])


def _operation(operator: WrittenOperator, readers: _CachedReaders) -> Operation:
    name = readers.name(operator.name)
    if operator.regions:
        return Operation(name, (), (), {"regions": len(operator.regions)})
    if isinstance(operator.results, WrittenResult):
        raise TypeError("its results are no list")
    return Operation(
        name=name,
        operands=tuple([operand.number for operand in operator.operands]),
        results=tuple(
            [
                OperationResult(result.number, *readers.types(bytes(result.type)))
                for result in operator.results
            ]
        ),
        attributes=readers.attributes(_encoded_attributes(operator.attributes)),
    )


def _full_name(name: str) -> str:
    dialect, _, short = name.partition(".")
    return f"{_DIALECTS.get(dialect, dialect)}.{short}"


def _types(written: bytes) -> _Types:
    kind: WrittenValue = _decode(_VALUE_DECODER, written, "O")
    if kind.kind != "0.t_vec":
        return (_tensor_type(kind),), False
    types = [_tensor_type(WrittenValue(item["#"], item.get("D"))) for item in kind.data]
    return tuple(types), True


def _decode(decoder: msgspec.json.Decoder[Any], written: bytes, key: str) -> Any:  # noqa: ANN401
    try:
        return decoder.decode(written)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _MisreadError(error, key) from error


def _tensor_type(kind: WrittenValue) -> TensorType:
    if kind.kind != "0.t_dtensor":  # a result that is left out, or a sparse tensor
        return TensorType(kind.kind.partition(".")[2] or NO_TENSOR, ())
    element, shape = kind.data[0]["#"], kind.data[1]
    return TensorType(_ELEMENTS.get(element, element), tuple([int(extent) for extent in shape]))


def _encoded_attributes(attributes: Iterable[Any]) -> _EncodedAttributes:
    """The attributes that change what is computed, their values as they are in the file."""
    try:
        return tuple(
            [
                (attribute.name, bytes(attribute.value))
                for attribute in attributes
                if attribute.name not in _IRRELEVANT_ATTRIBUTES
            ]
        )
    except AttributeError as error:
        raise TypeError(f"{error.obj!r} is no attribute") from error


def _attributes(written: _EncodedAttributes) -> dict[str, Any]:
    attributes = {}
    for name, encoded in written:
        value: WrittenValue = _decode(_VALUE_DECODER, encoded, "A")
        attributes[name] = _attribute(value.kind, value.data, value.not_finite)
    return attributes


def _attribute(kind: str, data: Any, not_finite: str = "") -> Any:  # noqa: ANN401 - of many types
    """A value in Python: lists of values are lists; a scalar with its type is the number alone."""
    if not_finite:
        return _NOT_FINITE[not_finite]
    if kind == "0.a_array":
        return [_attribute(item["#"], item.get("D"), item.get("VD", "")) for item in data or ()]
    if kind == "1.a_scalar" and isinstance(data, list):
        return data[1] if len(data) == 2 else data[1:]
    if kind in {"0.a_c64", "0.a_c128"}:
        return complex(*data)
    return data
