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
    "Parameter",
    "PirProgram",
    "Result",
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
"""NumPy's names of elements, by the format's."""

NO_TENSOR: Final = "none"
"""Type of elements of a result that is left out."""

_NO_MEANING = frozenset(
    ("force_backend", "op_callstack", "op_role", "op_dist_attr", "place", "struct_name")
)
"""Attributes of any operator that say nothing of what it computes."""

_NOT_FINITE = {"INF": float("inf"), "-INF": float("-inf"), "NaN": float("nan")}


class TensorType(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """What a value is: type of its elements by NumPy's name, and its shape; open extents are -1."""

    element: str
    shape: Shape


class Result(msgspec.Struct, frozen=True, gc=False):
    """A value that an operator makes.

    Args:
        number: Its number in the file, by which others refer to it.
        types: Of each tensor in it.
        is_list: Whether it is a list of tensors.
    """

    number: int
    types: tuple[TensorType, ...]
    is_list: bool


class Parameter(msgspec.Struct, frozen=True, gc=False):
    """A tensor that comes with the program.

    Args:
        name: In the parameters' file.
        number: Of its value.
        type: Of its elements, and its shape.
        is_stored: Whether it is in the parameters' file at all.
    """

    name: str
    number: int
    type: TensorType
    is_stored: bool


class Operation(msgspec.Struct, frozen=True, gc=False):
    """An operator.

    Args:
        name: With its dialect, such as ``pd_op.conv2d``.
        operands: Numbers of values; 0 where one is left out.
        results: What it makes.
        attributes: Values by name: numbers, texts, lists of them; without those that say nothing
            of what is computed. Operators with the same ones share one object.
    """

    name: str
    operands: tuple[int, ...]
    results: tuple[Result, ...]
    attributes: Mapping[str, Any]

    @property
    def dialect(self) -> str:
        """Whose operator it is: ``pd_op`` is Paddle's own."""
        return self.name.partition(".")[0]

    @property
    def short_name(self) -> str:
        """Its name within its dialect."""
        return self.name.partition(".")[2]


class PirProgram(msgspec.Struct, frozen=True, gc=False):
    """A program as the file has it.

    Args:
        version: Of the format.
        parameters: In the order of the file.
        operations: All others, in the order they run.
    """

    version: int
    parameters: tuple[Parameter, ...]
    operations: tuple[Operation, ...]


_VALUES = msgspec.json.Decoder(WrittenValue)
_ANYTHING = msgspec.json.Decoder()


class _MisreadError(Exception):
    """A type or a value that is written otherwise than all are, and the operator's key of it."""

    def __init__(self, why: Exception, key: str) -> None:
        super().__init__(str(why))
        self.key = key


_Types = tuple[tuple[TensorType, ...], bool]
"""Of the tensors in a result, and whether it is a list of them."""

_Written = tuple[tuple[str, bytes], ...]
"""Attributes of an operator: names, and values as they are in the file."""


class _Meanings:
    """What names, types and attributes mean; most come again and again, and each is read once."""

    def __init__(self) -> None:
        self.name: Callable[[str], str] = cache(_full_name)
        self.is_stored: Callable[[bytes], bool] = cache(_is_stored)
        self.types: Callable[[bytes], _Types] = cache(_types)
        self.attributes: Callable[[_Written], Mapping[str, Any]] = cache(_attributes)


def read_pir(path: Path) -> PirProgram:
    """The program in a file.

    Raises:
        BadFileError: Missing, cut off, or no program of Paddle's.
        ModelError: Of a newer version than is known.
    """
    document, version = read_document(path)
    parameters: list[Parameter] = []
    operations: list[Operation] = []
    meanings = _Meanings()
    try:
        ((block,),) = (region.blocks for region in document.program.regions)
        for operator in block.operators:
            if operator.name == "p":
                parameters.append(_parameter(operator, meanings))
            else:
                operations.append(_operation(operator, meanings))
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


def _parameter(operator: WrittenOperator, meanings: _Meanings) -> Parameter:
    name = operator.attributes[3]
    if not isinstance(name, str) or isinstance(operator.results, tuple):
        raise TypeError(f"a parameter is called {name!r}")
    (kind,), _ = meanings.types(bytes(operator.results.type))
    return Parameter(
        name=name,
        number=operator.results.number,
        type=kind,
        is_stored=meanings.is_stored(bytes(operator.of_results)),
    )


def _is_stored(written: bytes) -> bool:
    return bool(_decoded(_ANYTHING, written, "OA")[0])


def _operation(operator: WrittenOperator, meanings: _Meanings) -> Operation:
    name = meanings.name(operator.name)
    if operator.regions:
        return Operation(name, (), (), {"regions": len(operator.regions)})
    if isinstance(operator.results, WrittenResult):
        raise TypeError("its results are no list")
    return Operation(
        name=name,
        operands=tuple([operand.number for operand in operator.operands]),
        results=tuple(
            [
                Result(result.number, *meanings.types(bytes(result.type)))
                for result in operator.results
            ]
        ),
        attributes=meanings.attributes(_written(operator.attributes)),
    )


def _full_name(name: str) -> str:
    dialect, _, short = name.partition(".")
    return f"{_DIALECTS.get(dialect, dialect)}.{short}"


def _types(written: bytes) -> _Types:
    kind: WrittenValue = _decoded(_VALUES, written, "O")
    if kind.kind != "0.t_vec":
        return (_tensor_type(kind),), False
    types = [_tensor_type(WrittenValue(each["#"], each.get("D"))) for each in kind.data]
    return tuple(types), True


def _decoded(decoder: msgspec.json.Decoder[Any], written: bytes, key: str) -> Any:  # noqa: ANN401
    try:
        return decoder.decode(written)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _MisreadError(error, key) from error


def _tensor_type(kind: WrittenValue) -> TensorType:
    if kind.kind != "0.t_dtensor":  # a result that is left out, or a sparse tensor
        return TensorType(kind.kind.partition(".")[2] or NO_TENSOR, ())
    element, shape = kind.data[0]["#"], kind.data[1]
    return TensorType(_ELEMENTS.get(element, element), tuple([int(extent) for extent in shape]))


def _written(attributes: Iterable[Any]) -> _Written:
    """The attributes that say something of what is computed."""
    try:
        return tuple(
            [
                (attribute.name, bytes(attribute.value))
                for attribute in attributes
                if attribute.name not in _NO_MEANING
            ]
        )
    except AttributeError as error:
        raise TypeError(f"{error.obj!r} is no attribute") from error


def _attributes(written: _Written) -> dict[str, Any]:
    attributes = {}
    for name, encoded in written:
        value: WrittenValue = _decoded(_VALUES, encoded, "A")
        attributes[name] = _attribute(value.kind, value.data, value.not_finite)
    return attributes


def _attribute(kind: str, data: Any, not_finite: str = "") -> Any:  # noqa: ANN401 - of many types
    """A value: lists of values are lists; a scalar with its type is the number alone."""
    if not_finite:
        return _NOT_FINITE[not_finite]
    if kind == "0.a_array":
        return [_attribute(each["#"], each.get("D"), each.get("VD", "")) for each in data or ()]
    if kind == "1.a_scalar" and isinstance(data, list):
        return data[1] if len(data) == 2 else data[1:]
    if kind in {"0.a_c64", "0.a_c128"}:
        return complex(*data)
    return data
